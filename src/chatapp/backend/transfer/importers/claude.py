"""Claude's export: `chat_messages` of blocks, in newer exports with the parent of each."""

from collections import Counter

from chatapp.backend.store.imported import (
    ATTACHMENT,
    ENCRYPTED,
    FOLDER,
    NO_TEXT,
    TOOL,
    UNKNOWN,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    thought_for,
)
from chatapp.backend.transfer.importers import claude_projects
from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder, recording
from chatapp.backend.transfer.importers.claude_artifacts import TAGGED, without_tags, written
from chatapp.backend.transfer.importers.fields import (
    Json,
    is_address,
    link,
    mapping,
    milliseconds_between,
    name,
    objects,
    paragraphs,
    string,
    time,
    total,
)
from chatapp.backend.transfer.importers.joining import or_in_line
from chatapp.protocol.messages import AttachmentPart

SOURCE = "claude"

MAX_LINKS = 3
_WRITERS = ("artifacts", "create_file", "str_replace")  # no sets: a list that stands for a name is in none
_PICTURES, _FILES = ("image",), ("document", "file", "container_upload")
_THOUGHTS = ("thinking", "redacted_thinking")
_NOT_SAID = (*_THOUGHTS, "token_budget", "flag")
_KNOWN = (*_NOT_SAID, "text", "voice_note", *_PICTURES, *_FILES)


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return "chat_messages" in fields


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    sent = {_id(message, number): message for number, message in enumerate(objects(theirs["chat_messages"]))}
    model = string(theirs.get("model")) or None
    read_messages = {message_id: _read_message(message_id, message, model) for message_id, message in sent.items()}
    kept = {message_id: message for message_id, message in read_messages.items() if message.content}
    parents = {message_id: name(message.get("parent_message_uuid")) for message_id, message in sent.items()}
    lineage = Lineage(or_in_line(parents), kept)
    left_out = sum((_left_out(message) for message in sent.values()), Counter[str]())
    left_out[NO_TEXT] += len(sent) - len(kept)
    project = claude_projects.of_conversation(theirs)
    left_out[FOLDER] += project is None and bool(theirs.get("project"))
    return ImportedConversation(
        source=SOURCE,
        id=name(theirs.get("uuid")) or next(iter(sent), ""),
        title=string(theirs.get("name")) or None,
        messages=lineage.placed(kept.values()),
        leaf_id=lineage.nearest(name(theirs.get("current_leaf_message_uuid"))),
        model=model,
        project=project,
        is_pinned=bool(theirs.get("is_starred")),
        created_at=time(theirs.get("created_at")),
        updated_at=time(theirs.get("updated_at")),
        left_out=+left_out,
    )


def _id(message: Json, number: int) -> str:
    return name(message.get("uuid")) or f"message {number}"


def _read_message(message_id: str, message: Json, model: str | None) -> ImportedMessage:
    is_human = message.get("sender") in ("human", "user")
    files = _files(message)
    words, thought = _words(message, files), ""
    if not is_human and TAGGED in words:
        words, thought = without_tags(words)
    return ImportedMessage(
        id=message_id,
        role="user" if is_human else "assistant",
        content=words,
        reasoning=paragraphs(*(_thought(block) for block in objects(message.get("content"))), thought),
        model=None if is_human else model,
        finish_reason="length" if message.get("stop_reason") == "max_tokens" else None,
        status="stopped" if not is_human and message.get("stop_reason") == "user_canceled" else "complete",
        created_at=time(message.get("created_at")),
        turn=thought_for(total(_thought_ms(block) for block in objects(message.get("content")))),
        attachments=files,
    )


def _thought_ms(block: Json) -> int | None:
    is_thought = block.get("type") in _THOUGHTS
    return milliseconds_between(block.get("start_timestamp"), block.get("stop_timestamp")) if is_thought else None


def _thought(block: Json) -> str:
    """Return what was thought, or what is said about it."""
    summaries = [string(told.get("summary")) for told in objects(block.get("summaries"))]
    return string(block.get("thinking")) or paragraphs(*summaries)


def _words(message: Json, files: tuple[AttachmentPart, ...]) -> str:
    """Return what is said, what was written for the reader, and the text of what was pasted as an attachment."""
    blocks = objects(message.get("content"))
    shown = [_shown(block) for block in blocks] or [string(message.get("content"))]
    pasted = [string(pasted.get("extracted_content")) for pasted in objects(message.get("attachments"))]
    words = paragraphs(*shown) or string(message.get("text"))
    return paragraphs(*map(placeholder, files), words, *pasted)


def _shown(block: Json) -> str:
    """Return what of a block was shown to read."""
    kind = block.get("type") or "text"
    if kind == "voice_note":
        return string(block.get("text")) or placeholder(recording())
    if kind == "tool_use" and block.get("name") in _WRITERS:
        return written(mapping(block.get("input")))
    if kind in _PICTURES + _FILES:
        return placeholder(_in_block(block))
    return "" if _is_tool(block) or kind in _NOT_SAID else string(block.get("text")) + _sources(block)


def _is_tool(block: Json) -> bool:
    return "tool" in string(block.get("type"))


def _in_block(block: Json) -> AttachmentPart:
    """Return the file that a block is."""
    make = picture if block.get("type") in _PICTURES else attachment
    return make(block.get("file_name") or block.get("title"))


def _sources(block: Json) -> str:
    """Return links to what a passage goes by: beside it, as marks in the text do not say where."""
    cited = [{**mapping(told.get("details")), **told} for told in objects(block.get("citations"))]
    links = dict.fromkeys(link(told.get("title"), told["url"]) for told in cited if is_address(told.get("url")))
    return f" ({', '.join([*links][:MAX_LINKS])})" if links else ""


def _files(message: Json) -> tuple[AttachmentPart, ...]:
    sent = [file for file in objects(message.get("attachments")) if not file.get("extracted_content")]
    files = objects(message.get("files")) or objects(message.get("files_v2"))
    return tuple(_file(file) for file in [*files, *sent])


def _file(file: Json) -> AttachmentPart:
    make = picture if file.get("file_kind") == "image" else attachment
    key = file.get("file_uuid") or file.get("uuid") or file.get("id")
    return make(file.get("file_name"), size=file.get("file_size"), reference=beside(key))


def _left_out(message: Json) -> Counter[str]:
    left_out = Counter({ATTACHMENT: len(_files(message)) + len(objects(message.get("sync_sources")))})
    for block in objects(message.get("content")):
        is_kept = block.get("name") in _WRITERS and bool(_shown(block) or block.get("type") == "tool_result")
        left_out[TOOL] += _is_tool(block) and not is_kept
        left_out[UNKNOWN] += (
            bool(block.get("type")) and block.get("type") not in _KNOWN and not _is_tool(block) and not _shown(block)
        )
        left_out[ENCRYPTED] += block.get("type") == "redacted_thinking"
        left_out[ATTACHMENT] += block.get("type") in _PICTURES + _FILES
        left_out[ATTACHMENT] += block.get("type") == "voice_note" and not block.get("text")
    return left_out
