"""Conversations that were left a moment ago: coming back to one loads nothing, and its answer was read on meanwhile."""

import uuid
from collections.abc import Iterable

from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.conversations.stored import StoredConversation

MOST = 3


class RecentConversations:
    """The last ones that a session has left, by their ids; others are left for good."""

    def __init__(self) -> None:
        self._kept: dict[str, StoredConversation] = {}

    def keep(self, conversation: OpenConversation) -> None:
        """Keep one that is being left, where it can be come back to."""
        id_ = conversation.known_id
        if not isinstance(conversation, StoredConversation) or id_ is None or conversation.summarising is not None:
            conversation.leave()
            return
        self.forget([id_])
        conversation.landing = conversation.begun = None
        self._kept[id_] = conversation
        self.forget(list(self._kept)[:-MOST])

    def take(self, conversation_id: str) -> StoredConversation | None:
        """Return one that was kept, None where it was not; an answer that is still made is gone to."""
        conversation = self._kept.pop(conversation_id, None)
        if conversation is not None and conversation.live is not None:
            conversation.begun = uuid.uuid4().hex
        return conversation

    def forget(self, ids: Iterable[str]) -> None:
        """Leave these for good, as far as they are kept."""
        for id_ in ids:
            if conversation := self._kept.pop(id_, None):
                conversation.leave()

    def leave(self) -> None:
        """Leave all of them for good."""
        self.forget(list(self._kept))
