"""The backend as Python functions, over one pooled `requests` session. The page and the command line both use it.

from chatapp.client import BackendClient

with BackendClient("http://localhost:8000") as backend:
    print(backend.ask("What is Python?").answer)
    for event in backend.stream("And SSE?"):
        print(event)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException, IncompleteRead
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from chatapp.calls import POOL_CLASSES
from chatapp.errors import (
    BackendProtocolError,
    BackendTimeoutError,
    BackendUnreachableError,
    ChatappError,
    InvalidRequestError,
    SettingsError,
    StreamCutError,
    error_from_dict,
)
from chatapp.events import Answer, Done, Event, Failed, Message, Start
from chatapp.sse import Decoder, parse_event

CONNECT_TIMEOUT_S = 5.0
_READ_BYTES = 64 * 1024
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
_NO_PROXY = {"http": "", "https": ""}


class _Adapter(HTTPAdapter):
    """Connections whose requests a `chatapp.calls.Call` can end."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOL_CLASSES


class BackendClient:
    """A chatapp backend at `base_url`. Every failure is raised as its class from `chatapp.errors`.

    `timeout_s` is how long to wait for the next byte, in seconds, > 0. One client serves many threads.
    """

    def __init__(self, base_url: str, *, timeout_s: float = 30.0, api_key: str | None = None) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise SettingsError(f"BACKEND_URL is {base_url!r}, but it must start with http:// or https://.")
        self.base_url = base_url.rstrip("/")
        self.timeout_s = timeout_s
        self._session = requests.Session()
        self._session.mount(self.base_url, _Adapter(pool_maxsize=64))
        self._session.headers["Accept"] = "application/json, text/event-stream"
        if api_key:
            self._session.auth = _BearerKey(api_key)
        self._proxies = _NO_PROXY if urlsplit(base_url).hostname in _LOOPBACK_NAMES else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def health(self) -> dict[str, Any]:
        """Give the JSON of `GET /health`: status, service, version."""
        return self._json("GET", "/health")

    def ready(self) -> dict[str, Any]:
        """Give the JSON of `GET /ready`, also when it says that the backend is not ready.

        The entries `model` and `store` hold `ok`, and where that is false `detail` and `hint`.
        """
        response = self._send("GET", "/ready")
        body = _body_of(response)
        if response.status_code == requests.codes.service_unavailable and "model" in body:
            return body
        return self._checked(response, body)

    def ask(self, prompt: str, **options: Any) -> Answer:
        """Give the whole answer of `POST /query`. `options` are the request's other fields, e.g. `temperature=0.2`."""
        body = self._json("POST", "/query", _request(prompt, options))
        if not isinstance(body.get("answer"), str) or not isinstance(body.get("model"), str):
            raise self._foreign("sent no answer")
        return Answer(**{name: body.get(name) for name in Answer.__dataclass_fields__})  # type: ignore[arg-type]

    def stream(self, prompt: str, **options: Any) -> "AnswerStream":
        """Start `POST /query/stream` and give its events as they come; close it to stop the answer.

        Raises:
            ChatappError: the backend refused before the first event, or cannot be reached.
        """
        response = self._send("POST", "/query/stream", _request(prompt, options), stream=True)
        return self._events(response)

    def resume(self, turn_id: str, *, last_event_id: str = "0") -> "AnswerStream":
        """Go on reading a turn behind the event `last_event_id`; "0" reads it from its start."""
        response = self._send("GET", f"/turns/{turn_id}/stream", headers={"Last-Event-ID": last_event_id}, stream=True)
        return self._events(response)

    def _events(self, response: requests.Response) -> "AnswerStream":
        if response.status_code != requests.codes.ok:
            self._checked(response, _body_of(response))
        if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
            response.close()
            raise self._foreign("did not answer with an event stream")
        return AnswerStream(response, url=self.base_url, timeout_s=self.timeout_s)

    def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        response = self._send(method, path, body)
        return self._checked(response, _body_of(response))

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        timeout = (min(CONNECT_TIMEOUT_S, self.timeout_s), self.timeout_s)
        try:
            return self._session.request(
                method,
                self.base_url + path,
                json=body,
                headers=headers,
                stream=stream,
                timeout=timeout,
                proxies=self._proxies,
                allow_redirects=False,
            )
        except requests.exceptions.InvalidJSONError as error:
            raise InvalidRequestError("The request holds a number that JSON cannot hold.") from error
        except requests.RequestException as error:
            raise self._error_from(error) from error

    def _error_from(self, error: requests.RequestException) -> ChatappError:
        """Tell apart what `requests` raises as the same class: only the cause knows what happened."""
        cause = error.args[0] if error.args else None
        if isinstance(error, requests.ReadTimeout) or isinstance(cause, ReadTimeoutError):
            return timed_out(self.base_url, self.timeout_s)
        if isinstance(cause, ProtocolError) and not _is_no_http(cause):
            return cut_off(self.base_url)
        if isinstance(error, requests.ConnectionError) and not isinstance(cause, ProtocolError):
            return unreachable(self.base_url)
        return self._foreign("cannot be asked")

    def _checked(self, response: requests.Response, body: dict[str, Any]) -> dict[str, Any]:
        """Give `body` if the status is 2xx, raise the error it describes otherwise."""
        if response.ok and body:
            return body
        error = error_from_dict(body)
        raise error or self._foreign(f"answered with status {response.status_code}, but not as a backend does")

    def _foreign(self, what: str) -> BackendProtocolError:
        return BackendProtocolError(
            f"The server at {self.base_url} {what}.", hint="Check that BACKEND_URL is the address of a chatapp backend."
        )


class AnswerStream:
    """The events of one answer, oldest first. It ends after `Done`; a failure is raised as its class.

    `turn_id`, `conversation_id` and `model` are known after the first event, `last_event_id` says where to resume.
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


class _BearerKey(AuthBase):
    """Signs requests. Without an auth object `requests` would put a login from `.netrc` in the key's place."""

    def __init__(self, key: str) -> None:
        if not (key.isascii() and key.isprintable()):
            raise SettingsError("BACKEND_API_KEY holds a character that cannot be sent.")
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _is_no_http(error: ProtocolError) -> bool:
    """Say whether the server spoke, but not HTTP. A connection that broke is an OSError, also in disguise."""
    return isinstance(error.args[-1], HTTPException) and not isinstance(error.args[-1], OSError | IncompleteRead)


def _failure(event: Failed) -> ChatappError:
    return error_from_dict(event.error) or BackendProtocolError("The backend reported an error that cannot be read.")


def _request(prompt: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"prompt": prompt, **{name: value for name, value in options.items() if value is not None}}


def _body_of(response: requests.Response) -> dict[str, Any]:
    """Give the JSON object of a response, empty if it holds none."""
    try:
        body = response.json()
    except (requests.RequestException, json.JSONDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def messages_from(history: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Give earlier messages as the backend takes them: role and content, without what a page adds for itself."""
    return [Message(role=message["role"], content=message["content"]) for message in history]


def unreachable(url: str) -> BackendUnreachableError:
    """Give the error for a backend that nobody answers for."""
    return BackendUnreachableError(f"Cannot connect to backend at {url}.", hint="Start it with: chatapp serve")


def cut_off(url: str) -> StreamCutError:
    """Give the error for a connection that ended before the answer did."""
    return StreamCutError(f"The connection to the backend at {url} ended before the answer did.", hint="Ask again.")


def timed_out(url: str, timeout_s: float) -> BackendTimeoutError:
    """Give the error for a backend that was silent for too long."""
    return BackendTimeoutError(
        f"The backend at {url} said nothing for {timeout_s:g} seconds.", hint="Wait longer with REQUEST_TIMEOUT."
    )
