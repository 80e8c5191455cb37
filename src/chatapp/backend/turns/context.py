"""Which messages the model reads: all of them, or the newest that fit its window."""

from chatapp.protocol.events import Notice
from chatapp.protocol.messages import Message

CHARACTERS_PER_TOKEN = 3
"""On the safe side: English text has about four."""

TOKENS_PER_MESSAGE = 8


def estimated_tokens(message: Message) -> int:
    """Return about how many tokens a message takes; rather too many than too few."""
    return len(message.text.encode()) // CHARACTERS_PER_TOKEN + TOKENS_PER_MESSAGE


def fitted(messages: list[Message], *, tokens: int | None) -> tuple[list[Message], int]:
    """Return the messages that go along, oldest first, and how many were left out.

    The system prompt and the last question always stay. Of what lies between, the oldest go first, in whole turns,
    until the rest takes at most `tokens`; None stands for half of what it takes now.
    """
    head = [message for message in messages[:1] if message.role == "system"]
    between, last = messages[len(head) : -1], messages[-1:]
    size = sum(map(estimated_tokens, between))
    allowed = size // 2 if tokens is None else tokens - sum(map(estimated_tokens, [*head, *last]))
    left_out = 0
    while left_out < len(between) and (size > allowed or (left_out and between[left_out].role != "user")):
        size -= estimated_tokens(between[left_out])
        left_out += 1
    return [*head, *between[left_out:], *last], left_out


def left_out_notice(count: int) -> Notice:
    """Return the event that tells the readers."""
    earlier = "message was" if count == 1 else "messages were"
    return Notice("context_trimmed", f"{count} earlier {earlier} left out to fit the model's context.")
