"""An answer in the making, and what is known about it afterwards.

It is read by a thread of its own. A Streamlit script run ends at any click and with the websocket; this goes on, and
the next run finds it in the session and shows what has come meanwhile. Only `stop` ends it early.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Literal, Self

from chatapp.client.cancellation import Call
from chatapp.errors import ChatappError, InternalError
from chatapp.frontend.conversations.bell import Bell
from chatapp.frontend.conversations.growth_watch import GrowthWatch
from chatapp.protocol.events import WAS_THOUGHT, Citation, Done, Event, Notice, Reasoning, Start, Text, UsageDetails
from chatapp.protocol.messages import CitationPart

STOPPING_S = 5.0
"""How long the backend may take to stop an answer before the page stops listening to it."""

Status = Literal["going", "complete", "stopped", "failed"]


class LiveAnswer:
    """What a model has said so far. Another thread adds to it until `status` is no longer "going".

    `name` tells it from the others of a session, `bell` rings when it has begun and when it has ended.
    """

    def __init__(self, *, cancel: "Cancel | None" = None, asked_s_ago: float = 0.0) -> None:
        self.name = uuid.uuid4().hex
        self.bell = Bell()
        self.status: Status = "going"
        self.is_stopping = False
        self.turn_id: str | None = None
        self.conversation_id: str | None = None
        self.model: str | None = None
        self.notices: list[str] = []
        self.citations: list[CitationPart] = []
        self.finish_reason: str | None = None
        self.usage: UsageDetails | None = None
        self.error: ChatappError | None = None
        self.started_at = time.monotonic() - asked_s_ago
        self.duration_s: float | None = None
        self._thought_from: float | None = None
        self._thought_until: float | None = None
        self._cancel = cancel
        self._text = _Growing()
        self._reasoning = _Growing()
        self._call = Call()
        self._named = threading.Event()
        self._begun = threading.Event()
        self._spoke = threading.Event()
        self._told = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._watches: tuple[GrowthWatch, ...] = ()

    @classmethod
    def start(
        cls,
        events: Iterator[Event],
        *,
        cancel: "Cancel | None" = None,
        asked_s_ago: float = 0.0,
    ) -> Self:
        """Read `events` and return at once.

        `cancel` asks the backend to stop an answer that would be made to its end without a listener.
        """
        answer = cls(cancel=cancel, asked_s_ago=asked_s_ago)
        threading.Thread(target=answer._run, args=(events,), name="answer", daemon=True).start()
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
    def has_spoken(self) -> bool:
        """Whether the first word has come, or the end."""
        return self._spoke.is_set()

    @property
    def is_going(self) -> bool:
        """Whether more may come."""
        return self.status == "going"

    @property
    def thought_s(self) -> int | None:
        """Seconds from the first thought to the first word, at least one; None before that, and without thoughts."""
        if self._thought_from is None or self._thought_until is None or self._thought_until < self._thought_from:
            return None
        return max(1, round(self._thought_until - self._thought_from))

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question, until now or until the end."""
        return time.monotonic() - self.started_at if self.duration_s is None else self.duration_s

    def stop(self) -> None:
        """Stop the model, and keep what was said."""
        if self._cancel is None:
            self.leave()
        elif self.is_going and not self.is_stopping:
            self.is_stopping = True
            threading.Thread(target=self._cancel_then_leave, args=(self._cancel,), name="stop", daemon=True).start()

    def leave(self) -> None:
        """Hang up, which stops the model too unless the backend keeps the conversation."""
        if self.is_going:
            self._end("stopped")
            self._call.end()

    def wait(self, timeout_s: float) -> None:
        """Wait until the first word or, when that was said, the end; at most `timeout_s` seconds."""
        (self._ended if self._spoke.is_set() else self._spoke).wait(timeout_s)

    def wait_told(self, timeout_s: float) -> bool:
        """Wait until a browser has the first word, or until the end; return whether, after at most `timeout_s`."""
        return self._told.wait(timeout_s)

    def note_told(self) -> None:
        """Note that a browser has the first word."""
        self._told.set()

    def wait_named(self, timeout_s: float) -> None:
        """Wait until its conversation is known, or until it has ended; at most `timeout_s` seconds."""
        self._named.wait(timeout_s)

    def wait_begun(self, timeout_s: float) -> None:
        """Wait until the backend has begun the answer, or until it has ended; at most `timeout_s` seconds."""
        self._begun.wait(timeout_s)

    @property
    def readers(self) -> int:
        """How many watch it now."""
        return len(self._watches)

    @contextlib.contextmanager
    def watched(self, look: Callable[[], None]) -> Iterator[GrowthWatch]:
        """Return what tells the coroutine of this block when the answer has grown or ended; `look` is done before."""
        watch = GrowthWatch(look)
        with self._lock:
            self._watches = (*self._watches, watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches = tuple(one for one in self._watches if one is not watch)

    def _cancel_then_leave(self, cancel: "Cancel") -> None:
        with contextlib.suppress(ChatappError):
            cancel(self)
        self._ended.wait(STOPPING_S)
        self.leave()

    def _run(self, events: Iterator[Event]) -> None:
        try:
            with self._call:
                for event in events:
                    if not self.is_going:
                        return
                    self._take(event)
                    self._tell()
        except ChatappError as error:
            self._end("failed", error)
        finally:  # a defect, which Python reports for the thread, must not leave the answer going for ever
            self._end("failed", InternalError("The page could not read the answer.", hint="Its log says more."))

    def _take(self, event: Event) -> None:
        match event:
            case Start():
                self.turn_id = event.turn_id or self.turn_id
                self.conversation_id = event.conversation_id or self.conversation_id
                self.model = event.model or self.model
                self._named.set()
                if event.turn_id:
                    self._begun.set()
                self.bell.ring()
            case Text():
                self._thought_until = self._thought_until or time.monotonic()
                self._text.add(event.text)
                self._spoke.set()
            case Reasoning():
                self._thought_from = self._thought_from or time.monotonic()
                self._reasoning.add(event.text)
                self._spoke.set()
            case Notice() if event.code == WAS_THOUGHT:
                self._reasoning.add(self._text.taken())
            case Citation():
                self.citations.append(CitationPart(event.url, event.title))
            case Notice():
                self.notices.append(event.text)
            case Done():
                self.finish_reason = event.finish_reason
                self.model = event.model or self.model
                self.usage = event.usage_details
                self._end("stopped" if event.finish_reason == "stopped" else "complete")

    def _end(self, status: Status, error: ChatappError | None = None) -> None:
        with self._lock:
            if self.is_going:
                self.duration_s = self.elapsed_s
                self.error = error
                self.status = status
        self._ended.set()
        self._spoke.set()
        self._told.set()
        self._named.set()
        self._begun.set()
        self.bell.ring()
        self._tell()

    def _tell(self) -> None:
        for watch in self._watches:
            watch.tell()


Cancel = Callable[[LiveAnswer], None]
"""Asks the backend to stop an answer."""


class _Growing:
    """Text that grows piece by piece and is put together only when it is looked at."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._lock = threading.Lock()

    def add(self, piece: str) -> None:
        with self._lock:
            self._pieces.append(piece)

    def taken(self) -> str:
        """Return what there is, and begin anew."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
            return "".join(pieces)

    def joined(self) -> str:
        with self._lock:
            self._pieces = ["".join(self._pieces)]
            return self._pieces[0]
