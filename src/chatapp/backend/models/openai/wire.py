"""Messages as an OpenAI-compatible server takes them."""

from collections.abc import Iterable
from typing import Any

from chatapp.protocol.messages import Message, TextPart


def messages_as_json(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return `messages` for the field `messages` of a chat completion, oldest first. Only text is sent.

    The sides take turns, as strict chat templates want it (Gemma's, Mistral's, DeepSeek's): what one side says twice in
    a row, as after a question that got no answer, is one message.
    """
    return merged([{"role": message.role, "content": message.text} for message in messages if _has_text(message)])


def merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `messages` with neighbours of one role as one, and without answers that are empty.

    A question that was asked again in the same words is asked once. What is more than words, as a call of a tool or a
    picture, stays a message of its own.
    """
    result: list[dict[str, Any]] = []
    for message in messages:
        content = message.get("content")
        if not content and message.keys() == {"role", "content"} and message["role"] == "assistant":
            continue
        if not result or result[-1]["role"] != message["role"] or not (_is_text(message) and _is_text(result[-1])):
            result.append(message)
        elif result[-1]["content"] != content:
            result[-1] = {**result[-1], "content": f"{result[-1]['content']}\n\n{content}"}
    return result


def _is_text(message: dict[str, Any]) -> bool:
    return message.keys() == {"role", "content"} and isinstance(message["content"], str)


def _has_text(message: Message) -> bool:
    """Return whether there is something to send; servers refuse the result of a tool without its call."""
    return message.role != "tool" and any(isinstance(part, TextPart) for part in message.parts)
