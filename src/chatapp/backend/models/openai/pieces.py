"""The text and the thoughts of a delta or a message, in whichever fields and parts a server has them."""

from collections.abc import Iterator
from typing import Any

from chatapp.errors import UpstreamBadResponseError
from chatapp.protocol.events import Reasoning, Text

Piece = tuple[type[Text] | type[Reasoning], str]

_TEXT_PARTS = {"text", "output_text", "input_text", "markdown", "refusal"}
_THOUGHT_PARTS = {"thinking", "reasoning", "reasoning_text", "thought", "summary_text", "reasoning.text"}
_MEDIA_PARTS = {"image", "image_url", "output_image", "audio", "output_audio", "input_audio"}
_THOUGHT_FIELDS = (
    "reasoning_content", "reasoning", "reasoning_details", "reasoning_text", "thinking", "thinking_blocks",
    "thinking_content", "reasoning_summary", "thought", "thoughts", "reasoning_steps",
)  # fmt: skip
_TEXT_FIELDS = ("text", "content", "thinking", "summary", "reasoning", "value", "refusal", "thought")
_MAX_DEPTH = 4
_SEE_LOG = "Ask again; the model server's log may say more."


def unreadable(what: str = "the model server sent a chunk that cannot be read.") -> UpstreamBadResponseError:
    """Return the error for something that is no part of an answer."""
    return UpstreamBadResponseError(what, hint=_SEE_LOG)


def pieces_of(said: dict[str, Any]) -> Iterator[Piece]:
    """Return thoughts and text of a delta, thoughts first, as models have them.

    Raises:
        UpstreamBadResponseError: the content is neither text nor parts.
    """
    if thought := next(filter(None, map(_text_in, map(said.get, _THOUGHT_FIELDS))), ""):
        yield Reasoning, thought
    content = said.get("content")
    if isinstance(content, str):
        if content:
            yield Text, content
    elif isinstance(content, list | dict):
        for part in _parts_in(content):
            yield from _pieces_of_part(part)
    elif content is not None:
        raise unreadable()
    if not content and isinstance(refusal := said.get("refusal"), str):
        yield Text, refusal
    if not content and isinstance(sound := said.get("audio"), dict):
        yield Text, _text_in(sound.get("transcript"))


def has_media(said: dict[str, Any]) -> bool:
    """Return whether there are pictures or sound: OpenRouter's and OpenAI's fields, or parts of the content."""
    content = said.get("content")
    return bool(said.get("images") or said.get("audio")) or (
        isinstance(content, list) and any(isinstance(part, dict) and _kind_of(part) in _MEDIA_PARTS for part in content)
    )


def _parts_in(content: list[Any] | dict[str, Any]) -> list[Any]:
    if isinstance(content, list):
        return content
    parts = content.get("parts")
    return parts if isinstance(parts, list) else [content]


def _pieces_of_part(part: object) -> Iterator[Piece]:
    """Return what a part of the content says; Mistral's models think in parts. Kinds that nobody knows say nothing."""
    if isinstance(part, str):
        yield Text, part
    elif isinstance(part, dict):
        kind = _kind_of(part)
        if kind in _TEXT_PARTS:
            yield Reasoning if part.get("thought") is True else Text, _text_in(part)  # as Google's API has it
        elif kind in _THOUGHT_PARTS:
            yield Reasoning, _text_in(part)


def _kind_of(part: dict[str, Any]) -> str:
    kind = part.get("type", "text")
    return kind[:40].lower() if isinstance(kind, str) else ""


def _text_in(value: object, depth: int = _MAX_DEPTH) -> str:
    """Return the text of a string, of parts, or of an object with a field that holds it."""
    if isinstance(value, str):
        return value
    if not value or depth == 0:
        return ""
    if isinstance(value, list):
        return "".join([_text_in(item, depth - 1) for item in value])
    if isinstance(value, dict):
        return next(filter(None, (_text_in(value.get(name), depth - 1) for name in _TEXT_FIELDS)), "")
    return ""
