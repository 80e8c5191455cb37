"""Where the events of an answer come from. Each source does nothing until its first event is asked for."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from chatapp.client import AnswerStream, BackendClient
from chatapp.errors import StreamCutError
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.protocol.events import Done, Event, Reasoning, Start, Text

_PAUSES_S = (0.1, 0.5, 2.0)
"""How long to wait before each attempt to go on with an answer whose connection broke."""
_LOOK_AGAIN_S = 0.05
_LOOKS = 100


@dataclass(frozen=True, slots=True)
class RequestContext:
    """How this session asks: through which client, whether it reads along, and in which time zone its reader is."""

    client: BackendClient
    is_streamed: bool
    zone: tzinfo | None = None


def asked(asking: RequestContext, prompt: str, **options: Any) -> Iterator[Event]:
    """Ask `prompt` and give the answer's events; `options` as `BackendClient.stream` takes them."""
    if asking.is_streamed:
        with asking.client.stream(prompt, **options) as events:
            yield from events
        return
    answer = asking.client.ask(prompt, **options)
    yield Start(answer.turn_id or "", answer.model, answer.conversation_id)
    yield Text(answer.answer)
    yield Done(answer.finish_reason, answer.usage, answer.latency_ms or 0)


def kept(
    asking: RequestContext,
    prompt: str,
    conversation_id: str | None,
    *,
    key: str,
    begin_with: Mapping[str, Any],
    **options: Any,
) -> Iterator[Event]:
    """Ask `prompt` in a conversation, a new one if None, and give the answer's events even if the connection breaks.

    The conversation is begun first, so that its id is known before the model says anything; `begin_with` is its model
    and system prompt. The same `key` never asks the same question twice.
    """
    if conversation_id is None:
        conversation_id = str(asking.client.conversations.begin(**begin_with)["id"])
    yield Start("", "", conversation_id)
    options |= {"conversation_id": conversation_id, "idempotency_key": key}
    if asking.is_streamed:
        yield from _unbroken(asking.client, asking.client.stream(prompt, **options))
    else:
        yield from asked(asking, prompt, **options)


def regenerate(asking: RequestContext, conversation_id: str, message_id: str) -> Iterator[Event]:
    """Ask for another answer, beside the one `message_id` or to the question `message_id`, and give its events."""
    yield Start("", "", conversation_id)
    stream = asking.client.conversations.regenerate(conversation_id, message_id=message_id)
    yield from _as_wanted(asking, _unbroken(asking.client, stream))


def resumed(asking: RequestContext, conversation_id: str, turn_id: str) -> Iterator[Event]:
    """Return the events of an answer that is being made, from its start."""
    yield Start(turn_id, "", conversation_id)
    yield from _as_wanted(asking, _unbroken(asking.client, asking.client.resume(turn_id)))


def cancel(client: BackendClient, answer: LiveAnswer) -> None:
    """Let the backend stop `answer`, as soon as it has begun.

    Raises:
        ChatappError: the backend cannot be asked.
    """
    for _ in range(_LOOKS):
        if not answer.is_going:
            return
        if turn_id := answer.turn_id or _active_turn(client, answer.conversation_id):
            client.cancel(turn_id)
            return
        time.sleep(_LOOK_AGAIN_S)


def _active_turn(client: BackendClient, conversation_id: str | None) -> str | None:
    return client.conversations.get(conversation_id)["active_turn_id"] if conversation_id else None


def _unbroken(client: BackendClient, stream: AnswerStream) -> Iterator[Event]:
    """Return the events of `stream` and, where its connection breaks, those that follow."""
    turn_id, position = None, "0"
    for pause_s in (*_PAUSES_S, None):
        try:
            with stream:
                yield from stream
            return
        except StreamCutError:
            turn_id = stream.start.turn_id if stream.start else turn_id
            if turn_id is None or pause_s is None:
                raise
        time.sleep(pause_s)
        position = stream.last_event_id if stream.last_event_id != "0" else position
        stream = client.resume(turn_id, last_event_id=position)


def _as_wanted(asking: RequestContext, events: Iterator[Event]) -> Iterator[Event]:
    """Return the events as they are or, where answers are not streamed, all text in one piece at the end."""
    if asking.is_streamed:
        yield from events
        return
    text: list[str] = []
    for event in events:
        if isinstance(event, Text):
            text.append(event.text)
        elif not isinstance(event, Reasoning):
            if isinstance(event, Done):
                yield Text("".join(text))
            yield event
