"""A branch of a conversation as Markdown."""

from chatapp.backend.store.records import Conversation, StoredMessage

ENDINGS = {
    "stopped": "This answer was stopped.",
    "incomplete": "This answer ended early.",
    "failed": "This answer failed.",
    "interrupted": "This answer was interrupted.",
    "streaming": "This answer is still being made.",
}
"""What is said below an answer that is not whole."""


def as_markdown(conversation: Conversation, messages: list[StoredMessage]) -> str:
    """Return the messages in their own words, which for the most part are Markdown already."""
    parts = [f"# {conversation.title or 'Conversation'}"]
    if conversation.system:
        parts.append(f"**System prompt:** {conversation.system}")
    for message in messages:
        parts += [f"## {speaker(message)}, {message.created_at:%Y-%m-%d %H:%M} UTC", message.content]
        if message.status in ENDINGS:
            parts.append(f"*{ENDINGS[message.status]}*")
    return "\n\n".join(part for part in parts if part) + "\n"


def speaker(message: StoredMessage) -> str:
    """Return who says it: You, or the model by its name."""
    return "You" if message.role == "user" else message.model or message.role.capitalize()
