"""LM Studio's `*.conversation.json`: a line of messages, each in one or several versions, answers in steps."""

from collections import Counter
from collections.abc import Iterator

from chatapp.backend.store.imported import ATTACHMENT, TOOL, ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder
from chatapp.backend.transfer.importers.fields import Json, count, mapping, name, objects, paragraphs, string, time
from chatapp.protocol.messages import AttachmentPart, FinalStatus

SOURCE = "lm-studio"

_STATUS: dict[str, FinalStatus] = {"userStopped": "stopped", "failed": "failed", "modelUnloaded": "interrupted"}


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return any("versions" in message for message in objects(fields.get("messages"))[:10])


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation. Its file names no id, so the time at which it was begun is one."""
    left_out: Counter[str] = Counter()
    model = string(mapping(theirs.get("lastUsedModel")).get("identifier")) or None
    messages: list[ImportedMessage] = []
    leaf_id: str | None = None
    for number, message in enumerate(objects(theirs["messages"])):
        versions = list(_versions(number, message, parent_id=leaf_id, model=model, left_out=left_out))
        messages += [version for version in versions if version.content]
        selected = message.get("currentlySelected")
        shown = versions[selected] if isinstance(selected, int) and 0 <= selected < len(versions) else None
        leaf_id = shown.id if shown and shown.content else messages[-1].id if messages else None
    return ImportedConversation(
        source=SOURCE,
        id=name(theirs.get("createdAt")) or string(theirs.get("name")),
        title=string(theirs.get("name")) or None,
        messages=messages,
        leaf_id=leaf_id,
        system=string(theirs.get("systemPrompt")) or None,
        model=model,
        is_pinned=bool(theirs.get("pinned")),
        created_at=time(theirs.get("createdAt")),
        updated_at=time(theirs.get("assistantLastMessagedAt")) or time(theirs.get("userLastMessagedAt")),
        left_out=+left_out,
    )


def _versions(
    number: int, message: Json, *, parent_id: str | None, model: str | None, left_out: Counter[str]
) -> Iterator[ImportedMessage]:
    for version_number, version in enumerate(objects(message.get("versions"))):
        is_answer = version.get("role") == "assistant"
        content = objects(version.get("content"))
        steps = objects(version.get("steps"))
        blocks = [(content, False)] + [(objects(step.get("content")), _is_thinking(step)) for step in steps]
        files = tuple(_file(part) for parts, _ in blocks for part in parts if part.get("type") == "file")
        left_out[ATTACHMENT] += len(files)
        left_out[TOOL] += sum(part.get("type") == "toolCallRequest" for parts, _ in blocks for part in parts)
        stats = next((told for step in reversed(steps) if (told := _stats(step))), {}) if is_answer else {}
        words = paragraphs(*(_text(parts) for parts, is_thinking in blocks if not is_thinking))
        yield ImportedMessage(
            id=f"{number}-{version_number}",
            parent_id=parent_id,
            role="assistant" if is_answer else "user",
            content=paragraphs(*map(placeholder, files), words),
            reasoning=paragraphs(*(_text(parts) for parts, is_thinking in blocks if is_thinking)),
            model=string(mapping(version.get("senderInfo")).get("senderName")) or model if is_answer else None,
            status=_STATUS.get(string(stats.get("stopReason")), "complete"),
            finish_reason="length" if stats.get("stopReason") == "maxPredictedTokensReached" else None,
            prompt_tokens=count(stats.get("promptTokensCount")),
            completion_tokens=count(stats.get("predictedTokensCount")),
            attachments=files,
        )


def _stats(step: Json) -> Json:
    """Return how the model made a step, where that is told."""
    return mapping(mapping(step.get("genInfo")).get("stats"))


def _is_thinking(step: Json) -> bool:
    return mapping(step.get("style")).get("type") == "thinking"


def _text(parts: list[Json]) -> str:
    """Return the words of a block: its pieces are those of a stream."""
    return "".join(string(part.get("text")) for part in parts if part.get("type") == "text")


def _file(part: Json) -> AttachmentPart:
    make = picture if part.get("fileType") == "image" else attachment
    return make(part.get("name"), size=part.get("sizeBytes"))
