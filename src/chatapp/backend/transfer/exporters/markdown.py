"""The branches on show as Markdown."""

from collections.abc import Iterable, Iterator

from chatapp.backend.store.records import StoredMessage
from chatapp.backend.store.titles import shorten
from chatapp.backend.transfer.exporters.exported import Exported
from chatapp.protocol.messages import AttachmentPart, CitationPart, Part, ToolCallPart, ToolResultPart

ENDINGS = {
    "stopped": "This answer was stopped.",
    "incomplete": "This answer ended early.",
    "failed": "This answer failed.",
    "interrupted": "This answer was interrupted.",
    "streaming": "This answer is still being made.",
}
"""What is said below an answer that is not whole."""


MAX_RESULT_CHARS = 200
"""How much of what a tool gave back is shown to people."""


def write(conversations: Iterable[Exported]) -> Iterator[bytes]:
    """Return the messages in their own words, which for the most part are Markdown already."""
    between = ""
    for one in conversations:
        parts = [f"{between}# {one.conversation.title or 'Conversation'}"]
        if one.conversation.system:
            parts.append(f"**System prompt:** {one.conversation.system}")
        for message in one.messages:
            parts += _message(message)
        yield ("\n\n".join(part for part in parts if part) + "\n").encode()
        between = "\n"


def _message(message: StoredMessage) -> Iterator[str]:
    yield f"## {speaker(message)}, {message.created_at:%Y-%m-%d %H:%M} UTC"
    if message.reasoning:
        yield f"<details><summary>Thinking</summary>\n\n{message.reasoning}\n\n</details>"
    yield message.content
    if message.summary:
        inside = f"<summary>{summary_title(message)}</summary>\n\n{message.summary}"
        yield f"<details>{inside}\n\n</details>"
    yield from (f"*{note}*" for note in notes_below(message))


def summary_title(message: StoredMessage) -> str:
    """Return what stands above the summary beside a message."""
    return f"Summary of {message.summarised} earlier messages, which the model read in their place"


def notes_below(message: StoredMessage) -> list[str]:
    """Return what is said below the text: the other parts, by name, notices, and how and why an answer is not whole."""
    notes = [notes for part in message.parts if (notes := _note(part))]
    notes += [notice.text for notice in message.notices]
    if message.status in ENDINGS:
        reason = (message.error or {}).get("detail")
        notes.append(" ".join(filter(None, (ENDINGS[message.status], _sentence(reason)))))
    return notes


def _sentence(reason: object) -> str | None:
    return f"{reason[:1].upper()}{reason[1:]}" if isinstance(reason, str) else None


def _note(part: Part) -> str | None:
    match part:
        case AttachmentPart():
            return f"Attachment: {' '.join(part.title.split())}"
        case CitationPart(url=url):
            return f"Source: {part.name}" + (f", {url}" if url != part.name else "")
        case ToolCallPart(name=name):
            return f"Tool called: {' '.join(name.split())}"
        case ToolResultPart(text=text, is_error=is_error):
            return f"Tool {'failed' if is_error else 'answered'}: {shorten(' '.join(text.split()), MAX_RESULT_CHARS)}"
    return None


def speaker(message: StoredMessage) -> str:
    """Return who says it: You, or the model by its name."""
    return "You" if message.role == "user" else message.model or message.role.capitalize()
