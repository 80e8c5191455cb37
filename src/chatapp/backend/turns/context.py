"""Which messages the model reads: all of them, or the newest that fit its window."""

from chatapp.errors import ContextLengthExceededError
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import Message
from chatapp.providers.token_estimates import TOKENS_PER_MESSAGE, estimated_text_tokens


def estimated_tokens(message: Message) -> int:
    """Return about how many tokens a message takes; rather too many than too few. Linear in its length."""
    return estimated_text_tokens(message.text) + TOKENS_PER_MESSAGE


def _most_tokens(message: Message) -> int:
    """Return what an estimate never exceeds, found in no time: most conversations are short for their window."""
    text = message.text
    return len(text) * (1 if text.isascii() else 4) + TOKENS_PER_MESSAGE


def fitted(messages: list[Message], *, tokens: int | None) -> tuple[list[Message], int]:
    """Return the messages that go along, oldest first, and how many were left out.

    The system prompt and the last question always stay. Of what lies between, the oldest go first, in whole turns,
    until the rest takes at most `tokens`; None stands for half of what it takes now.
    """
    if tokens is not None and sum(map(_most_tokens, messages)) <= tokens:
        return messages, 0
    head = [message for message in messages[:1] if message.role == "system"]
    between, last = messages[len(head) : -1], messages[-1:]
    sizes = list(map(estimated_tokens, between))
    size = sum(sizes)
    allowed = size // 2 if tokens is None else tokens - sum(map(estimated_tokens, [*head, *last]))
    left_out = 0
    while left_out < len(between) and (size > allowed or (left_out and between[left_out].role != "user")):
        size -= sizes[left_out]
        left_out += 1
    return [*head, *between[left_out:], *last], left_out


def fitted_again(
    messages: list[Message], error: ContextLengthExceededError, *, answer_tokens: int
) -> tuple[list[Message], int]:
    """Return what goes along after the server has refused `messages` as too long, and how many were left out.

    Where it states its window, and how much it was sent, that is gone by; where that helps nothing, half of it goes.
    """
    if error.window:
        room = error.window - min(answer_tokens, error.window // 4)
        if error.prompt_tokens:
            room = room * sum(map(estimated_tokens, messages)) // error.prompt_tokens
        shorter, left_out = fitted(messages, tokens=room)
        if left_out:
            return shorter, left_out
    return fitted(messages, tokens=None)


def left_out_notice(count: int) -> Notice:
    """Return the event that tells the readers."""
    earlier = "message was" if count == 1 else "messages were"
    return Notice("context_trimmed", f"{count} earlier {earlier} left out to fit the model's context.")
