"""The events of one answer, however they are had: streamed or whole, over one connection or several."""

import time
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from chatapp.client import BackendClient
from chatapp.client.stream import AnswerStream
from chatapp.errors import BackendUnreachableError, StreamCutError
from chatapp.protocol.events import WAS_THOUGHT, Done, Event, Notice, Reasoning, Start, Text

Events = Generator[Event, None, None]

_PAUSES_S = (0.1, 0.5, 1.5, 3.0)
"""How long to wait before each attempt to go on with an answer whose connection broke."""


def ask_once(backend: BackendClient, prompt: str, *, is_streamed: bool, **fields: Any) -> Events:
    """Ask `prompt` and return the answer's events; `fields` as `BackendClient.stream` takes them."""
    if is_streamed:
        with backend.stream(prompt, **fields) as events:
            yield from events
        return
    answer = backend.ask(prompt, **fields)
    yield Start(answer.turn_id or "", answer.model, answer.conversation_id)
    yield Text(answer.answer)
    yield from answer.citations
    yield Done(answer.finish_reason, answer.usage, answer.latency_ms or 0, usage_details=answer.usage_details)


def unbroken(backend: BackendClient, stream: AnswerStream) -> Events:
    """Return the events of `stream` and, where its connection breaks, those that follow.

    A backend that is started anew refuses connections for a moment, so that too is waited out, unless the client's
    `timeout_s` is over.

    Raises:
        BackendError: the connection broke, and there was no going on in time.
    """
    turn_id, position = None, "0"
    pauses = _pauses(backend.timeout_s)
    while True:
        try:
            with stream:
                yield from stream
            return
        except StreamCutError:
            turn_id = stream.start.turn_id if stream.start else turn_id
            if turn_id is None:
                raise
            if (pause_s := next(pauses, None)) is None:
                raise
        time.sleep(pause_s)
        position = stream.last_event_id if stream.last_event_id != "0" else position
        stream = _resumed(backend, turn_id, position, pauses)


def _resumed(backend: BackendClient, turn_id: str, position: str, pauses: Iterator[float]) -> AnswerStream:
    """Return the stream of a turn behind `position`, tried again after each of `pauses` in vain."""
    while True:
        try:
            return backend.resume(turn_id, last_event_id=position)
        except (BackendUnreachableError, StreamCutError):
            if (pause_s := next(pauses, None)) is None:
                raise
        time.sleep(pause_s)


def _pauses(most_s: float) -> Iterator[float]:
    """Return the pauses between attempts, as many as end within `most_s` seconds from now."""
    until = time.monotonic() + most_s
    return (pause_s for pause_s in _PAUSES_S if time.monotonic() + pause_s < until)


def in_one_piece(events: Iterable[Event]) -> Events:
    """Return the events with all text in one piece at the end, as an answer that is not streamed comes.

    What was thought is left out, also where it came as text.
    """
    texts: list[str] = []
    for event in events:
        if gathered(texts, event) or isinstance(event, Reasoning):
            continue
        if isinstance(event, Done):
            yield Text("".join(texts))
        yield event


def gathered(texts: list[str], event: Event) -> bool:
    """Add the words of an event to `texts`, or take them back where they were thought; return whether it says that."""
    if isinstance(event, Text):
        texts.append(event.text)
        return True
    if isinstance(event, Notice) and event.code == WAS_THOUGHT:
        texts.clear()
        return True
    return False
