"""Messages as an OpenAI-compatible server takes them."""

from collections.abc import Iterable
from typing import Any

from chatapp.protocol.messages import Message


def messages_as_json(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return `messages` for the field `messages` of a chat completion, oldest first. Reasoning is never sent back."""
    return [{"role": message.role, "content": message.text} for message in messages]
