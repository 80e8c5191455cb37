"""An answer in the making, and what is known about it afterwards.

It is read by a thread of its own. A Streamlit script run ends at any click and with the websocket; this goes on, and
the next run finds it in the session and shows what has come meanwhile. Only `stop` ends it early.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal, Self

from chatapp.calls import Call
from chatapp.client import BackendClient
from chatapp.errors import ChatappError, InternalError
from chatapp.events import Answer, Done, Event, Message, Notice, Reasoning, Start, Text

logger = logging.getLogger(__name__)

Status = Literal["going", "complete", "stopped", "failed"]
_Read = Callable[[BackendClient, Sequence[Message]], None]


class LiveAnswer:
    """What a model has said so far to `prompt`. Another thread adds to it until `status` is no longer "going"."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self.status: Status = "going"
        self.model: str | None = None
        self.notices: list[str] = []
        self.finish_reason: str | None = None
        self.tokens: int | None = None
        self.error: ChatappError | None = None
        self.started_at = time.monotonic()
        self.duration_s: float | None = None
        self._text = _Growing()
        self._reasoning = _Growing()
        self._call = Call()
        self._spoke = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()

    @classmethod
    def start(cls, client: BackendClient, prompt: str, *, messages: Sequence[Message], is_streamed: bool) -> Self:
        """Ask `prompt` after the earlier `messages`, oldest first, and return at once."""
        answer = cls(prompt)
        read = answer._read_stream if is_streamed else answer._read_whole
        thread = threading.Thread(target=answer._run, args=(read, client, messages), name="answer", daemon=True)
        thread.start()
        return answer

    @property
    def text(self) -> str:
        """The answer so far, raw."""
        return self._text.joined()

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered; may be empty."""
        return self._reasoning.joined()

    @property
    def is_going(self) -> bool:
        """Whether more may come."""
        return self.status == "going"

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question, until now or until the end."""
        return time.monotonic() - self.started_at if self.duration_s is None else self.duration_s

    def stop(self) -> None:
        """Hang up, which stops the model too, and keep what was said."""
        if self.is_going:
            self._end("stopped")
            self._call.end()

    def wait(self, timeout_s: float) -> None:
        """Wait until the first word or, when that was said, the end; at most `timeout_s` seconds."""
        (self._ended if self._spoke.is_set() else self._spoke).wait(timeout_s)

    def _run(self, read: _Read, client: BackendClient, messages: Sequence[Message]) -> None:
        try:
            with self._call:
                read(client, messages)
        except ChatappError as error:
            self._end("failed", error)
        except Exception:
            logger.exception("An answer could not be read.")
            self._end("failed", InternalError("The page could not read the answer.", hint="Its log says more."))

    def _read_stream(self, client: BackendClient, messages: Sequence[Message]) -> None:
        with client.stream(self.prompt, messages=messages or None) as events:
            for event in events:
                if not self.is_going:
                    return
                self._take(event)

    def _read_whole(self, client: BackendClient, messages: Sequence[Message]) -> None:
        answer: Answer = client.ask(self.prompt, messages=messages or None)
        if self.is_going:
            self._take(Start(turn_id="", model=answer.model))
            self._take(Text(answer.answer))
            self._take(Done(answer.finish_reason, answer.usage, answer.latency_ms or 0))

    def _take(self, event: Event) -> None:
        match event:
            case Start():
                self.model = event.model
            case Text():
                self._text.add(event.text)
                self._spoke.set()
            case Reasoning():
                self._reasoning.add(event.text)
                self._spoke.set()
            case Notice():
                self.notices.append(event.text)
            case Done():
                self.finish_reason = event.finish_reason
                self.tokens = event.usage["completion_tokens"] if event.usage else None
                self._end("complete")

    def _end(self, status: Status, error: ChatappError | None = None) -> None:
        with self._lock:
            if self.is_going:
                self.duration_s = self.elapsed_s
                self.error = error
                self.status = status
        self._ended.set()
        self._spoke.set()


class _Growing:
    """Text that grows piece by piece and is put together only when it is looked at."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._lock = threading.Lock()

    def add(self, piece: str) -> None:
        with self._lock:
            self._pieces.append(piece)

    def joined(self) -> str:
        with self._lock:
            self._pieces = ["".join(self._pieces)]
            return self._pieces[0]
