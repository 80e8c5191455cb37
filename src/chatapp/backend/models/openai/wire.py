"""Messages as an OpenAI-compatible server takes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from chatapp.protocol.messages import AttachmentPart, Message, TextPart

Json = dict[str, Any]


def messages_as_json(messages: Iterable[Message], media: Mapping[str, Json] | None = None) -> list[Json]:
    """Return `messages` for the field `messages` of a chat completion, oldest first.

    Text is sent, and what `media` has for attachments, by their ids; a message with such is a list of parts.

    The sides take turns, as strict chat templates want it (Gemma's, Mistral's, DeepSeek's): what one side says twice in
    a row, as after a question that got no answer, is one message.
    """
    media = media or {}
    sent = [{"role": one.role, "content": said} for one in messages if (said := _content(one, media)) is not None]
    return merged(sent)


def merged(messages: list[Json]) -> list[Json]:
    """Return `messages` with neighbours of one role as one, and without answers that are empty.

    A question that was asked again in the same words is asked once. What is more than words and pictures, as a call of
    a tool, stays a message of its own.
    """
    result: list[Json] = []
    for message in messages:
        content = message.get("content")
        if not content and message.keys() == {"role", "content"} and message["role"] == "assistant":
            continue
        if not result or result[-1]["role"] != message["role"] or not (_is_said(message) and _is_said(result[-1])):
            result.append(message)
        elif result[-1]["content"] != content:
            result[-1] = {**result[-1], "content": _joined(result[-1]["content"], message["content"])}
    return result


def _is_said(message: Json) -> bool:
    return message.keys() == {"role", "content"} and isinstance(message["content"], str | list)


def _content(message: Message, media: Mapping[str, Json]) -> str | list[Json] | None:
    """Return what is to be sent, None for nothing; servers refuse the result of a tool without its call."""
    if message.role == "tool":
        return None
    if len(message.parts) == 1 and isinstance(said := message.parts[0], TextPart):
        return said.text  # as almost all are
    if not any(isinstance(part, TextPart) for part in message.parts):
        return None
    if not any(isinstance(part, AttachmentPart) and part.content_id in media for part in message.parts):
        return message.text
    ids = [part.content_id for part in message.parts if isinstance(part, AttachmentPart)]
    shown = [media[one] for one in ids if one and one in media]
    return [*shown, _text(message.text)] if message.text else shown


def _joined(first: str | list[Json], second: str | list[Json]) -> str | list[Json]:
    if isinstance(first, str) and isinstance(second, str):
        return "\n\n".join(filter(None, (first, second)))
    return [*_as_parts(first), *_as_parts(second)]


def _as_parts(content: str | list[Json]) -> list[Json]:
    return [_text(content)] if isinstance(content, str) else content


def _text(text: str) -> Json:
    return {"type": "text", "text": text}
