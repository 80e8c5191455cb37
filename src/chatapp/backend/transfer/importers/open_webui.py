"""Open WebUI's export: a `chat` whose history is a tree of messages; reasoning and tools in their text or beside it.

Qwen Chat's is one, too, whose answers are in phases.
"""

from collections import Counter
from collections.abc import Iterator

from chatapp.backend.store.imported import (
    ATTACHMENT,
    FOLDER,
    NO_TEXT,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    thought_for,
)
from chatapp.backend.transfer.importers.assets import beside, of_bytes, within
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder
from chatapp.backend.transfer.importers.fields import (
    Json,
    count,
    is_address,
    link,
    mapping,
    milliseconds,
    name,
    objects,
    paragraphs,
    sequence,
    string,
    time,
    total,
)
from chatapp.backend.transfer.importers.open_webui_text import ShownText, shown
from chatapp.protocol.messages import AttachmentPart

SOURCE, QWEN_CHAT = "open-webui", "qwen-chat"

_NO_TOOLS = ("message", "reasoning", "function_call_output")
"""What an answer is made of beside the work of tools, each of which has a kind of its own."""

_PHASES = "content_list"
_SAYING, _THINKING = ("answer", "image_gen", "video_gen", None), ("think", "thinking_summary")


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return {"history", "messages"} & mapping(fields.get("chat")).keys() != set() or _is_bare(fields)


def _is_bare(fields: Json) -> bool:
    """Return whether this is a conversation without what is around it, as it was exported before 2024."""
    return "chat" not in fields and isinstance(mapping(fields.get("history")).get("messages"), dict)


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    chat = theirs if _is_bare(theirs) else mapping(theirs["chat"])
    history = mapping(chat.get("history"))
    sent = {key: mapping(message) for key, message in mapping(history.get("messages")).items()}
    sent = sent or _line(objects(chat.get("messages")))
    left_out: Counter[str] = Counter()
    texts = {message_id: _shown(message, left_out) for message_id, message in sent.items()}
    told = {message_id for message_id, message in sent.items() if message.get("role") == "system"}
    kept = {message_id: text for message_id, text in texts.items() if text.text and message_id not in told}
    lineage = Lineage({message_id: name(message.get("parentId")) for message_id, message in sent.items()}, kept)
    left_out[NO_TEXT] += len(sent) - len(kept) - len(told)
    left_out[FOLDER] += bool(theirs.get("folder_id")) + len(sequence(mapping(theirs.get("meta")).get("tags")))
    models = [model for model in sequence(chat.get("models")) if isinstance(model, str) and model]
    return ImportedConversation(
        source=QWEN_CHAT if any(_PHASES in message for message in sent.values()) else SOURCE,
        id=name(theirs.get("id")) or next(iter(sent), ""),
        title=string(theirs.get("title")) or string(chat.get("title")) or None,
        messages=[
            _message(message_id, sent[message_id], text, lineage.above(message_id)) for message_id, text in kept.items()
        ],
        leaf_id=lineage.nearest(name(history.get("currentId"))),
        system=string(chat.get("system"))
        or string(mapping(chat.get("params")).get("system"))
        or paragraphs(*(texts[message_id].text for message_id in texts if message_id in told))
        or None,
        model=models[0] if models else None,
        is_pinned=bool(theirs.get("pinned")),
        is_archived=bool(theirs.get("archived")),
        created_at=time(theirs.get("created_at")),
        updated_at=time(theirs.get("updated_at")),
        left_out=+left_out,
    )


def _line(messages: list[Json]) -> dict[str, Json]:
    """Return the messages of an old export, which had no tree, each below the one before it."""
    line: dict[str, Json] = {}
    for number, message in enumerate(messages):
        parent_id = next(reversed(line), None)
        line[name(message.get("id")) or f"message {number}"] = {**message, "parentId": parent_id}
    return line


def _shown(message: Json, left_out: Counter[str]) -> ShownText:
    """Return what a message shows, and count what it does not."""
    files = _files(message)
    content = message.get("content")
    parts = [string(part.get("text")) for part in objects(content)]
    text = shown(paragraphs(*parts) if parts else string(content))
    output = objects(message.get("output")) or [*map(_phase, objects(message.get(_PHASES)))]
    calls = sum(item.get("type") not in _NO_TOOLS for item in output)
    left_out[TOOL] += calls or text.tools
    left_out[ATTACHMENT] += len(files) + text.pictures
    words = text.text or paragraphs(*(_output_text(item) for item in output if item.get("type") == "message"))
    reasoning = [item for item in output if item.get("type") == "reasoning"]
    thoughts = paragraphs(*map(_output_text, reasoning))
    return ShownText(
        text=paragraphs(*map(placeholder, files), words, _sources(message) if words else "", *_others(message, words)),
        reasoning=text.reasoning or thoughts,
        thought_ms=text.thought_ms if text.reasoning else total(milliseconds(it.get("duration")) for it in reasoning),
        files=files,
    )


def _phase(phase: Json) -> Json:
    """Return a phase of an answer of Qwen Chat as what others of Open WebUI are made of."""
    kind, thought = phase.get("phase"), mapping(mapping(phase.get("extra")).get("summary_thought"))
    if kind in _THINKING:
        texts = [{"text": text} for text in sequence(thought.get("content"))]
        return {"type": "reasoning", "content": string(phase.get("content")) or texts}
    return {"type": "message" if kind in _SAYING else kind, "content": phase.get("content")}


def _output_text(item: Json) -> str:
    texts = [string(part.get("text")) for part in objects(item.get("content"))]
    return (
        paragraphs(*texts)
        or string(item.get("content"))
        or paragraphs(*(string(part.get("text")) for part in objects(item.get("summary"))))
    )


def _sources(message: Json) -> str:
    """Return links to what an answer goes by; numbers in its text stand for them."""
    told = [mapping(source.get("source")) for source in objects(message.get("sources") or message.get("citations"))]
    links = [(string(one.get("name")), string(one.get("url")) or string(one.get("name"))) for one in told]
    shown = [f"{place}. {link(name, url)}" for place, (name, url) in enumerate(links, 1) if is_address(url)]
    return "\n".join(shown)


def _others(message: Json, words: str) -> Iterator[str]:
    """Return what stands below an answer: one made of several, and what stands where it failed, or the rest of it."""
    yield string(mapping(message.get("merged")).get("content"))
    error = message.get("error")
    why = string(error) or string(mapping(error).get("content")) or string(mapping(error).get("message"))
    if why or (error and not words):
        yield f"(The answer failed: {why})" if why else "(The answer failed)"


def _files(message: Json) -> tuple[AttachmentPart, ...]:
    shown = [mapping(part.get("image_url")) for part in objects(message.get("content")) if part.get("image_url")]
    pictures = (picture(reference=within(image.get("url"))) for image in shown)
    return (*map(_file, objects(message.get("files"))), *pictures)


def _file(file: Json) -> AttachmentPart:
    known = mapping(file.get("file"))
    meta, content = mapping(known.get("meta")), string(mapping(known.get("data")).get("content"))
    file_name = string(file.get("name")) or meta.get("name")
    media_type = string(file.get("content_type")) or string(meta.get("content_type"))
    make = picture if file.get("type") == "image" else attachment
    written = of_bytes(content.encode(errors="replace"))  # of PDFs and the like the words are in the export
    reference = within(file.get("url")) or written or beside(file.get("id") or known.get("id"))
    return make(file_name, media_type=media_type, size=file.get("size"), reference=reference)


def _message(message_id: str, message: Json, text: ShownText, parent_id: str | None) -> ImportedMessage:
    is_answer = message.get("role") == "assistant"
    usage = mapping(message.get("usage"))
    has_failed = is_answer and bool(message.get("error"))
    is_cut = is_answer and message.get("done") is False
    return ImportedMessage(
        id=message_id,
        parent_id=parent_id,
        role="assistant" if is_answer else "user",
        content=text.text,
        reasoning=text.reasoning if is_answer else "",
        model=string(message.get("model")) or None if is_answer else None,
        status="failed" if has_failed else "interrupted" if is_cut else "complete",
        prompt_tokens=count(usage.get("prompt_tokens", usage.get("prompt_eval_count", usage.get("input_tokens")))),
        completion_tokens=count(usage.get("completion_tokens", usage.get("eval_count", usage.get("output_tokens")))),
        created_at=time(message.get("timestamp")),
        turn=thought_for(text.thought_ms) if is_answer else None,
        attachments=text.files,
    )
