"""How this session asks, and how it has an answer stopped."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial

from chatapp.client import BackendClient
from chatapp.client.chat import StoredChat
from chatapp.client.ephemeral_chat import EphemeralChat
from chatapp.config.prompts import title_of
from chatapp.frontend.conversations.beside import events_beside
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.protocol.messages import Message
from chatapp.protocol.resources import MessageInfo

_LOOK_AGAIN_S = 0.05
_LOOKS = 100


@dataclass(frozen=True, slots=True)
class SessionContext:
    """How this session asks: through which client, whether it reads along, and in which time zone its reader is."""

    client: BackendClient
    is_streamed: bool
    zone: tzinfo | None = None

    def stored_chat(self, conversation_id: str | None, *, project_id: str | None = None) -> StoredChat:
        """Return the chat in a conversation that the backend stores, a new one if None, which is begun in a project."""
        return StoredChat(
            self.client,
            conversation_id,
            is_streamed=self.is_streamed,
            project_id=project_id,
            title_of=title_of,
        )

    def beside(self, first: LiveAnswer, model: str, known: Collection[str]) -> LiveAnswer:
        """Return the answer of `model` to the question that `first` answers, which is none of the `known` messages."""
        events = events_beside(self.client, first, model, known, is_streamed=self.is_streamed)
        answer = LiveAnswer.start(events, cancel=partial(cancel, self.client))
        answer.model = model
        return answer

    def followed(self, conversation_id: str, answer: MessageInfo) -> LiveAnswer:
        """Return an answer that was begun elsewhere, from its beginning."""
        ago_s = (datetime.now(UTC) - answer.created_at).total_seconds()
        events = self.stored_chat(conversation_id).resume(str(answer.turn_id))
        live = LiveAnswer.start(events, cancel=partial(cancel, self.client), asked_s_ago=max(0.0, ago_s))
        live.model = answer.model
        return live

    def ephemeral_chat(self, history: Iterable[Message]) -> EphemeralChat:
        """Return a chat that goes on behind `history`, oldest first."""
        return EphemeralChat(self.client, history, is_streamed=self.is_streamed)


def cancel(client: BackendClient, answer: LiveAnswer) -> None:
    """Have the backend stop `answer`, as soon as it has begun.

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
    return client.conversations.get(conversation_id).active_turn_id if conversation_id else None
