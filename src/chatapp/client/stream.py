"""One answer while it arrives."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from chatapp.errors import BackendProtocolError, BackendTimeoutError, ChatappError, StreamCutError
from chatapp.protocol.events import Done, Event, Failed, Start
from chatapp.protocol.received_errors import error_from_dict
from chatapp.protocol.sse import Decoder, parse_event

_READ_BYTES = 64 * 1024


class AnswerStream:
    """The events of one answer, oldest first. It ends after `Done`; a failure is raised as its class.

    `start`, which names turn, conversation and model, is known after the first event; `last_event_id` says where to
    resume.
    """

    def __init__(self, response: requests.Response, *, url: str, timeout_s: float) -> None:
        self._response = response
        self._url = url
        self._timeout_s = timeout_s
        self.last_event_id = "0"
        self.start: Start | None = None
        self._events = self._read()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The backend stops an answer that belongs to no conversation and keeps making one that does."""
        self._response.close()

    def _read(self) -> Iterator[Event]:
        decoder = Decoder()
        try:
            while data := self._read_some():
                for raw in decoder.feed(data):
                    self.last_event_id = raw.id or self.last_event_id
                    event = parse_event(raw)
                    if isinstance(event, Failed):
                        raise _failure(event)
                    if isinstance(event, Start):
                        self.start = event
                    if event is not None:
                        yield event
                    if isinstance(event, Done):
                        return
        finally:
            self.close()
        raise cut_off(self._url)

    def _read_some(self) -> bytes:
        try:
            data: bytes = self._response.raw.read1(_READ_BYTES, decode_content=True)
        except ReadTimeoutError as error:
            raise timed_out(self._url, self._timeout_s) from error
        except (HTTPError, OSError, ValueError):
            return b""
        return data


def _failure(event: Failed) -> ChatappError:
    return error_from_dict(event.error) or BackendProtocolError("The backend reported an error that cannot be read.")


def cut_off(url: str, *, has_begun: bool = True) -> StreamCutError:
    """Return the error for a connection that ended before the answer did, or before it had begun.

    With TLS a server hangs up on who speaks without.
    """
    may_want_tls = not has_begun and url.startswith("http:")
    hint = "Ask again, or begin BACKEND_URL with https:// where the backend does." if may_want_tls else "Ask again."
    return StreamCutError(f"The connection to the backend at {url} ended before the answer did.", hint=hint)


def timed_out(url: str, timeout_s: float) -> BackendTimeoutError:
    """Return the error for a backend that was silent for too long."""
    return BackendTimeoutError(
        f"The backend at {url} said nothing for {timeout_s:g} seconds.", hint="Wait longer with REQUEST_TIMEOUT."
    )
