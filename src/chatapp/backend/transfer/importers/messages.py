"""One message with a role, as many programs keep it: the words are in one of a few fields, as text or in parts."""

from collections.abc import Iterable, Iterator
from typing import Any

from chatapp.backend.store.imported import ImportedMessage, thought_for
from chatapp.backend.transfer.importers.assets import within
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.fields import (
    Json,
    count,
    digest,
    mapping,
    name,
    objects,
    paragraphs,
    sequence,
    string,
    time,
)
from chatapp.protocol.messages import AttachmentPart, Role

_USERS, _SYSTEM = {"user", "human"}, {"system", "developer"}
_ANSWERERS = {"assistant", "model", "gemini", "ai", "bot"}
_SPEAKERS = ("from", "type", "role", "sender")
_WORDS = ("parts", "contentParts", "fragments", "content", "text")
_THOUGHTS = {"reasoning", "thinking", "thought", "ma"}
_THOUGHT_OF = ("reasoning", "reasoning_content", "reasoningContent", "thinking")
_FILES = {"image", "image_url", "file", "audio", "document"}
_BESIDE = {
    **dict.fromkeys(("driveImage", "inlineImage"), "image/*"),
    **dict.fromkeys(("driveDocument", "inlineFile"), ""),
    **dict.fromkeys(("driveAudio", "inlineAudio"), "audio/*"),
    **dict.fromkeys(("driveVideo", "youtubeVideo"), "video/*"),
}
"""Fields of a chunk of AI Studio that stand for a file, and of what kind it is."""

_TIMES = ("createdAt", "created_at", "created", "timestamp", "createTime", "startTime", "updatedAt", "ts", "date",
          "creationDate")  # fmt: skip
_MODELS = ("model", "modelID", "modelId", "originLLM")
_READ = ("prompt_tokens", "input_tokens", "input", "promptTokenCount")
_MADE = ("completion_tokens", "output_tokens", "output", "candidatesTokenCount")
_CONTEXT = "<session_context>"
"""How begins what Gemini CLI tells its model in the user's place."""


def message(told: Json, without_id: str) -> ImportedMessage | None:
    """Return what was said, None where it is nothing or by neither side; one `without_id` gets that."""
    fields, role = _fields(told), _role(told)
    words, files = words_of(told), tuple(_files(fields))
    said = paragraphs(*map(placeholder, files), words)
    if role is None or not said or (role == "user" and words.startswith(_CONTEXT)):
        return None
    is_answer = role == "assistant"
    usage = {**mapping(fields.get("usage")), **mapping(fields.get("tokens")), **mapping(fields.get("usageMetadata"))}
    model = first(fields, _MODELS) or mapping(fields.get("generator")).get("name") or usage.get("model")
    return ImportedMessage(
        id=name(first(fields, ("id", "uuid", "messageId"))) or without_id,
        role=role,
        content=said,
        reasoning=thoughts_of(told) if is_answer else "",
        model=string(model) or None if is_answer else None,
        status="stopped" if is_answer and fields.get("interrupted") is True else "complete",
        prompt_tokens=count(first(usage, _READ)) if is_answer else None,
        completion_tokens=count(first(usage, _MADE)) if is_answer else None,
        created_at=moment_of(fields),
        turn=thought_for(count(fields.get("thought_ms"))) if is_answer else None,
        attachments=files,
    )


def first(fields: Json, names: tuple[str, ...]) -> Any:
    """Return the first of the fields that holds something."""
    return next((value for field in names if (value := fields.get(field))), None)


def moment_of(fields: Json) -> Any:
    """Return when something was begun, None where that is not told."""
    return time(first(fields, _TIMES)) or time(mapping(fields.get("time")).get("created"))


def is_told_first(told: Json) -> bool:
    """Return whether a message is what the model was told."""
    return _speaker(told) in _SYSTEM


def words_of(told: Json) -> str:
    """Return the words that are shown of a message."""
    return paragraphs(*(_text(part) for part in _parts(_fields(told)) if not _is_thought(part)))


def thoughts_of(told: Json) -> str:
    """Return what was thought for a message."""
    return paragraphs(*dict.fromkeys(_thoughts(_fields(told))))


def tools_of(told: Json) -> int:
    """Return how often a tool was at work in a message."""
    fields = _fields(told)
    called = objects(fields.get("toolCalls")) or objects(fields.get("tool_calls"))
    return sum("tool" in _kind(part) for part in _parts(fields)) + len(called)


def named(told: Iterable[Json]) -> Iterator[Json]:
    """Return messages of which many have no ids: each is named by all that leads to it."""
    before = ""
    for said in told:
        before = digest(f"{before}\0{_speaker(said)}\0{words_of(said)}")
        yield {**said, "id": name(said.get("id")) or before}


def _fields(told: Json) -> Json:
    """Return a message whose fields may be one step below."""
    return {**told, **mapping(told.get("info")), **mapping(told.get("message"))}


def _speaker(told: Json) -> str:
    fields = _fields(told)
    named = (string(fields.get(field)).lower() for field in _SPEAKERS)
    return next((speaker for speaker in named if speaker in _USERS | _ANSWERERS | _SYSTEM), "")


def _role(told: Json) -> Role | None:
    speaker = _speaker(told)
    return "user" if speaker in _USERS else "assistant" if speaker in _ANSWERERS else None


def _parts(fields: Json) -> list[Json]:
    """Return what a message is made of; `isThought` of AI Studio is of all of it."""
    value = first(fields, _WORDS)
    told = value if isinstance(value, list) else [value]
    parts = [
        {"text": part} if isinstance(part, str) else {**mapping(part), **mapping(mapping(part).get("part"))}
        for part in told
    ]
    return [{**part, "thought": True} for part in parts] if fields.get("isThought") is True else parts


def _kind(part: Json) -> str:
    return string(first(part, ("pt", "type"))).lower()


def _is_thought(part: Json) -> bool:
    return part.get("thought") is True or _kind(part) in _THOUGHTS


def _text(part: Json) -> str:
    if "tool" in _kind(part) or _kind(part) in _FILES or part.get("synthetic") is True:
        return ""
    text = first(part, ("text", "content", "thinking", "aText"))
    return string(text) or string(mapping(text).get("value"))


def _thoughts(fields: Json) -> Iterator[str]:
    yield string(first(fields, _THOUGHT_OF))
    for thought in objects(fields.get("thoughts")):
        yield paragraphs(string(thought.get("subject")), string(thought.get("description")))
    yield from (_text(part) for part in _parts(fields) if _is_thought(part))


def _files(fields: Json) -> Iterator[AttachmentPart]:
    for part in _parts(fields):
        if _kind(part) in _FILES or part.get("inlineData"):
            told = {**part, **mapping(part.get("inlineData")), **mapping(part.get("image_url"))}
            yield _file(told, "image/*" if "image" in _kind(part) else "")
    yield from (_file(file, "") for file in objects(fields.get("files")))
    for held in map(string, sequence(fields.get("images"))):  # as Ollama has them
        yield _file({"url": held if held.startswith("data:") else f"data:image/png;base64,{held}"}, "image/*")
    for field, kind in _BESIDE.items():
        if isinstance(fields.get(field), dict):
            yield _file(fields[field], kind)


def _file(told: Json, kind: str) -> AttachmentPart:
    media_type = string(first(told, ("mime", "mimeType", "mediaType"))) or kind
    held = f"data:{media_type};base64,{told['data']}" if isinstance(told.get("data"), str) else None
    return attachment(first(told, ("filename", "name")), media_type, reference=within(told.get("url") or held))
