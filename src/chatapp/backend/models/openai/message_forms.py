"""Messages in the forms in which servers, strict chat templates and vendors take them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chatapp.backend.models.openai.refused_parameter import (
    AFTER_TOOL,
    BLANKS,
    CALL_IDS,
    DEVELOPER,
    LAST_ROLE,
    NO_THOUGHTS,
    ROLES,
    SIGNATURES,
    SYSTEM_FIRST,
    SYSTEM_ROLE,
    THOUGHTS,
)
from chatapp.protocol.messages import AttachmentPart, Message, TextPart

Json = dict[str, Any]

_SYSTEM = ("system", "developer")
_UNSIGNED = "skip_thought_signature_validator"
"""What Google documents for calls that another model has made (ai.google.dev/gemini-api/docs/thought-signatures)."""
_NOTHING = "(nothing)"
_ID_LETTERS = 9


def messages_as_json(messages: Iterable[Message], media: Mapping[str, Json] | None = None) -> list[Json]:
    """Return `messages` for the field `messages` of a chat completion, oldest first.

    Text is sent, and what `media` has for attachments, by their ids; a message with such is a list of parts.

    The sides take turns, as strict chat templates want it (Gemma's, Mistral's, DeepSeek's): what one side says twice in
    a row, as after a question that got no answer, is one message.
    """
    media = media or {}
    sent = [{"role": one.role, "content": said} for one in messages if (said := _content(one, media)) is not None]
    return _merged(sent)


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
    return [*shown, _as_part(message.text)] if message.text else shown


def _merged(messages: list[Json]) -> list[Json]:
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


def _joined(first: str | list[Json], second: str | list[Json]) -> str | list[Json]:
    if isinstance(first, str) and isinstance(second, str):
        return "\n\n".join(filter(None, (first, second)))
    return [*_as_parts(first), *_as_parts(second)]


def _as_parts(content: str | list[Json]) -> list[Json]:
    return [_as_part(content)] if isinstance(content, str) else content


def _as_part(text: str) -> Json:
    """Return `text` as servers take it among pictures."""
    return {"type": "text", "text": text}


def without_system(body: Json) -> Json:
    """Return `body` with what the system says at the beginning of what the user says."""
    messages = [{**message, "role": "user"} if message["role"] in _SYSTEM else message for message in body["messages"]]
    return {**body, "messages": _merged(messages)}


def _user_first(body: Json) -> Json:
    """Return `body` with user and assistant taking turns, the user first: Mistral's and Gemma's templates."""
    first, *others = without_system(body)["messages"]
    return {**body, "messages": _merged([{**first, "role": "user"}, *others])}


def _user_last(body: Json) -> Json:
    messages = body["messages"]
    if messages[-1]["role"] == "user":
        return body
    return {**body, "messages": [*messages, {"role": "user", "content": "Go on."}]}


def _with_thoughts(body: Json) -> Json:
    """Return `body` with thoughts for each answer: those that the client has sent back, and else none.

    A blank stands for none: DeepSeek V4 Pro refuses a field that is empty (NousResearch/hermes-agent#18263).
    """
    messages = [
        {**message, "reasoning_content": _thought_in(message) or " "} if message["role"] == "assistant" else message
        for message in body["messages"]
    ]
    return {**body, "messages": messages}


def _thought_in(message: Json) -> str:
    told = (message.get(name) for name in ("reasoning_content", "reasoning"))
    return next((thought for thought in told if thought and isinstance(thought, str)), "")


def _without_thoughts(body: Json) -> Json:
    """Return `body` without what models have thought, and without how they are to think."""
    messages = [without(without(message, "reasoning_content"), "reasoning") for message in body["messages"]]
    return {**without(body, "reasoning"), "messages": messages}


def _signed(body: Json) -> Json:
    """Return `body` with calls of tools that say that they are not signed: Gemini 3 takes them so, and not without.

    What it signs calls with is in a field of its own, which few clients send back.
    """
    unsigned = {"extra_content": {"google": {"thought_signature": _UNSIGNED}}}
    messages = [
        {**message, "tool_calls": [{**unsigned, **call} for call in message["tool_calls"]]}
        if message.get("tool_calls")
        else message
        for message in body["messages"]
    ]
    return {**body, "messages": messages}


def _system_first(body: Json) -> Json:
    """Return `body` with all that the system says in one message, the first: Qwen's and Mistral's templates."""
    said = [{**message, "role": "system"} for message in body["messages"] if message["role"] in _SYSTEM]
    others = [message for message in body["messages"] if message["role"] not in _SYSTEM]
    return {**body, "messages": _merged([*said, *others])}


def _without_developer(body: Json) -> Json:
    """Return `body` with what its developer says said by the system, which all but OpenAI call so."""
    messages = [
        {**message, "role": "system"} if message["role"] == "developer" else message for message in body["messages"]
    ]
    return {**body, "messages": messages}


def _with_answers(body: Json) -> Json:
    """Return `body` with an answer behind each result of a tool that a client went on from without one: Mistral."""
    messages: list[Json] = []
    for message in body["messages"]:
        if messages and messages[-1]["role"] == "tool" and message["role"] not in {"tool", "assistant"}:
            messages.append({"role": "assistant", "content": "I see."})
        messages.append(message)
    return {**body, "messages": messages}


def _without_blanks(body: Json) -> Json:
    """Return `body` without texts that hold no letter: Claude, Kimi and Mistral refuse them wherever they stand."""
    messages = [said for message in body["messages"] if (said := _filled(message)) is not None]
    return {**body, "messages": _merged(messages)}


def _filled(message: Json) -> Json | None:
    """Return `message` with something in it; None where it may as well be left out."""
    content = message.get("content")
    if isinstance(content, list):
        content = [part for part in content if not _is_blank(part)]
    if content and not (isinstance(content, str) and not content.strip()):
        return {**message, "content": content}
    if message.get("tool_calls"):
        return {**message, "content": None}
    return {**message, "content": _NOTHING} if message["role"] in {"user", "tool"} else None


def _is_blank(part: Any) -> bool:
    text = part.get("text") if isinstance(part, dict) else part
    return isinstance(text, str) and not text.strip()


def _with_short_ids(body: Json) -> Json:
    """Return `body` with calls of tools by ids that all take: nine letters or digits, as Mistral's own."""
    return {**body, "messages": [_with_short_id(message) for message in body["messages"]]}


def _with_short_id(message: Json) -> Json:
    if isinstance(calls := message.get("tool_calls"), list):
        message = {**message, "tool_calls": [{**call, "id": _short_id(call.get("id"))} for call in calls]}
    if "tool_call_id" in message:
        message = {**message, "tool_call_id": _short_id(message["tool_call_id"])}
    return message


def _short_id(told: Any) -> str:
    """Return `told` if all take it, else what always stands for it."""
    own = str(told)
    if len(own) == _ID_LETTERS and own.isascii() and own.isalnum():
        return own
    return hashlib.sha256(own.encode(errors="replace")).hexdigest()[:_ID_LETTERS]


def without(body: Json, name: str) -> Json:
    """Return `body`, or a message of it, without the field `name`."""
    return {field: value for field, value in body.items() if field != name}


MESSAGE_FORMS: dict[str, Callable[[Json], Json]] = {
    SYSTEM_ROLE: without_system,
    DEVELOPER: _without_developer,
    ROLES: _user_first,
    LAST_ROLE: _user_last,
    AFTER_TOOL: _with_answers,
    CALL_IDS: _with_short_ids,
    BLANKS: _without_blanks,
    THOUGHTS: _with_thoughts,
    NO_THOUGHTS: _without_thoughts,
    SIGNATURES: _signed,
    SYSTEM_FIRST: _system_first,
}
"""By what a refusal names: what takes a question and returns it in the form that is taken."""
