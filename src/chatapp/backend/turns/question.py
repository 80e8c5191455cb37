"""What somebody asks."""

from dataclasses import dataclass, field
from typing import Any

from chatapp.protocol.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and where it belongs. `history` is what was said before, oldest first, where the client holds it.

    `prompt` None asks for another answer to the question at `parent_id`. `is_stored`: it belongs to a conversation, a
    new one if `conversation_id` is None. `key` and `body_hash` are those of an Idempotency-Key.
    """

    prompt: str | None
    system: str | None = None
    history: list[Message] = field(default_factory=list)
    model: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    conversation_id: str | None = None
    parent_id: str | None = None
    is_stored: bool = False
    key: str | None = None
    body_hash: str | None = None

    def messages(self) -> list[Message]:
        """Return what the model reads when nothing is stored: system prompt, history, question."""
        system = [Message.of("system", self.system)] if self.system else []
        return [*system, *self.history, Message.of("user", self.prompt or "")]
