"""Perplexity: the data that it sends on request, and a thread as its page loads it, which tools for it save.

Shapes of two readers of such files, FraYoshi/perplexity-export-convert and nexus-ai-chat-importer 1.8.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from chatapp.backend.store.imported import FOLDER, ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.fields import Json, digest, mapping, name, objects, sequence, string, time
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.backend.transfer.importers.messages import first

SOURCE = "perplexity"

_IDS = ("context_uuid", "thread_id", "uuid", "id")
_TITLES = ("context_title", "title", "thread_title")
_BEGUN = ("created_at", "entry_created_datetime", "entry_updated_datetime", "updated_datetime")
_CHANGED = ("updated_at", "entry_updated_datetime", "updated_datetime")
_MODELS = ("display_model", "user_selected_model", "model")


def recognises(fields: Json) -> bool:
    """Return whether this is a thread of theirs in which something was asked."""
    return any(map(_question, objects(fields.get("entries"))))


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    entries = objects(theirs.get("entries"))
    start, end = entries[0], entries[-1]
    about = {**start, "title": None, "uuid": None, "id": None, **mapping(theirs.get("thread_metadata")), **theirs}
    thread_id = name(first(about, _IDS)) or digest(f"{first(start, _BEGUN)} {_question(start)}")
    messages = [message for number, entry in enumerate(entries) for message in _messages(entry, number)]
    return replace(
        in_line(SOURCE, thread_id, messages, title=string(first(about, _TITLES)) or None),
        created_at=time(first(about, _BEGUN)),
        updated_at=time(first(about, ("updated_at",)) or first(end, (*_CHANGED, *_BEGUN))),
        left_out=+Counter({FOLDER: int(bool(theirs.get("collection_uuid")))}),
    )


def _messages(entry: Json, number: int) -> Iterator[ImportedMessage]:
    """Return a question and its answer; the pages that it goes by are in neither file but as numbers."""
    entry_id = name(first(entry, ("uuid", "backend_uuid"))) or f"{number}"
    moment = time(first(entry, _BEGUN))
    yield ImportedMessage(id=entry_id, role="user", content=_question(entry).strip("\n"), created_at=moment)
    yield ImportedMessage(
        id=f"{entry_id} answer",
        role="assistant",
        content=_answer(entry).strip("\n"),
        model=string(first(entry, _MODELS)) or None,
        status="complete" if string(entry.get("query_status")) in {"", "COMPLETED"} else "interrupted",
        created_at=moment,
    )


def _question(entry: Json) -> str:
    return string(entry.get("query_str")) or string(entry.get("query") if "answer" in entry else None)


def _answer(entry: Json) -> str:
    """Return the answer, of a thread the first block of Markdown that says something."""
    blocks = (mapping(block.get("markdown_block")) for block in objects(entry.get("blocks")))
    told = (string(it.get("answer")) or "".join(map(string, sequence(it.get("chunks")))) for it in blocks)
    return string(entry.get("answer")) or next(filter(None, told), "")
