"""What an exporter writes: a conversation and its messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatapp.backend.store.records import Conversation, StoredMessage


@dataclass(frozen=True, slots=True)
class Told:
    """A conversation with its messages, oldest first: every branch of it, or the one on show."""

    conversation: Conversation
    messages: Sequence[StoredMessage]
