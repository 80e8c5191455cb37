"""Messages as an OpenAI-compatible server takes them."""

from collections.abc import Iterable
from typing import Any

from chatapp.protocol.messages import Message, TextPart


def messages_as_json(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return `messages` for the field `messages` of a chat completion, oldest first. Only text is sent."""
    return [{"role": message.role, "content": message.text} for message in messages if _has_text(message)]


def _has_text(message: Message) -> bool:
    """Return whether there is something to send; servers refuse the result of a tool without its call."""
    return message.role != "tool" and any(isinstance(part, TextPart) for part in message.parts)
