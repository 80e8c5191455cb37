"""One side speaks at a time: what it said in several messages in a row becomes one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from chatapp.backend.store.imported import ATTACHMENT, ImportedConversation, ImportedMessage, thought_for
from chatapp.backend.transfer.importers.fields import paragraphs, total


def joined(theirs: ImportedConversation) -> ImportedConversation:
    """Return the conversation with each run of messages of one side as one, under the id of the first.

    Chat templates refuse a side that speaks twice. Where a message has several alternatives below it, all stay.
    """
    by_id = {message.id: message for message in theirs.messages}
    below = Counter(message.parent_id for message in theirs.messages)
    next_of: dict[str, str] = {}
    for message in theirs.messages:
        parent = by_id.get(message.parent_id or "")
        if parent and parent is not message and parent.role == message.role and below[parent.id] == 1:
            next_of[parent.id] = message.id
    if not next_of:
        return theirs
    head_of: dict[str, str] = {}
    messages = []
    for head in by_id.keys() - set(next_of.values()):
        run = [by_id[message_id] for message_id in _run(head, next_of)]
        head_of.update(dict.fromkeys((message.id for message in run), head))
        messages.append(_one(run))
    order = {message_id: number for number, message_id in enumerate(by_id)}
    return replace(
        theirs,
        messages=[
            replace(message, parent_id=head_of.get(message.parent_id or "", message.parent_id))
            for message in sorted(messages, key=lambda message: order[message.id])
        ],
        leaf_id=head_of.get(theirs.leaf_id or "", theirs.leaf_id),
    )


def _run(head: str, next_of: dict[str, str]) -> Iterator[str]:
    following: str | None = head
    while following is not None:
        yield following
        following = next_of.get(following)


def _one(run: list[ImportedMessage]) -> ImportedMessage:
    if len(run) == 1:
        return run[0]
    counted = [message.completion_tokens for message in run if message.completion_tokens is not None]
    return replace(
        run[0],
        content=paragraphs(*(message.content for message in run)),
        reasoning=paragraphs(*(message.reasoning for message in run)),
        model=next((message.model for message in reversed(run) if message.model), None),
        status=run[-1].status,
        finish_reason=run[-1].finish_reason,
        finished_at=run[-1].created_at,
        prompt_tokens=next((m.prompt_tokens for m in reversed(run) if m.prompt_tokens is not None), None),
        completion_tokens=min(sum(counted), 2**31 - 1) if counted else None,
        turn=thought_for(total(message.turn.thinking_ms if message.turn else None for message in run)),
        attachments=tuple(part for message in run for part in message.attachments),
    )


def or_in_line(parents: dict[str, str | None]) -> dict[str, str | None]:
    """Return the `parents` of messages, or what is before each where an export names none at all, as older ones do."""
    return parents if any(parents.values()) else dict(zip(parents, [None, *parents], strict=False))


def in_line(
    source: str, conversation_id: str, messages: list[ImportedMessage], *, title: str | None = None
) -> ImportedConversation:
    """Return a conversation of messages in a line; one that names another above it is an alternative beside it."""
    kept = [message for message in messages if message.content]
    parents = [None, *(message.id for message in kept)]
    line = [
        message if message.parent_id else replace(message, parent_id=parent_id)
        for message, parent_id in zip(kept, parents, strict=False)
    ]
    left_out = Counter({ATTACHMENT: sum(len(message.attachments) for message in kept)})
    return ImportedConversation(source=source, id=conversation_id, title=title, messages=line, left_out=+left_out)
