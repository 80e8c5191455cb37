"""Claude's export: `chat_messages` of blocks, in newer exports with the parent of each."""

from collections import Counter

import msgspec

from chatapp.backend.store.imported import (
    ATTACHMENT,
    NO_TEXT,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    moment,
)

SOURCE, SIGNATURE = "claude", "chat_messages"


class _Block(msgspec.Struct):
    type: str | None = "text"
    text: str | None = None
    thinking: str | None = None


class _Attachment(msgspec.Struct):
    file_name: str | None = None
    extracted_content: str | None = None


class _Message(msgspec.Struct):
    uuid: str
    sender: str
    text: str | None = None
    content: list[_Block] | None = None
    created_at: str | None = None
    parent_message_uuid: str | None = None
    attachments: list[_Attachment] | None = None
    files: list[_Attachment] | None = None

    def words(self) -> str:
        """Return what is said, with the text of what was pasted as an attachment."""
        blocks = [block.text for block in self.content or () if block.type == "text"]
        pasted = [attachment.extracted_content for attachment in self.attachments or ()]
        said: list[str | None] = [*filter(None, blocks)] or [self.text]
        return "\n\n".join(part.strip("\n") for part in [*said, *pasted] if part)

    def reasoning(self) -> str:
        """Return what the model thought."""
        return "\n\n".join(block.thinking for block in self.content or () if block.thinking)


class _Conversation(msgspec.Struct):
    uuid: str
    chat_messages: list[_Message]
    name: str | None = None
    model: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    current_leaf_message_uuid: str | None = None
    is_starred: bool | None = None


def read(raw: msgspec.Raw) -> ImportedConversation:
    """Return the conversation.

    Raises:
        msgspec.DecodeError: `raw` is none of theirs.
    """
    theirs = msgspec.json.decode(raw, type=_Conversation)
    parents = _parents(theirs.chat_messages)
    lineage = Lineage(parents)
    said = {message.uuid: message for message in theirs.chat_messages if message.words()}
    return ImportedConversation(
        source=SOURCE,
        id=theirs.uuid,
        title=theirs.name,
        messages=[
            _foreign(message, lineage.nearest(parents[message.uuid], said)[0], theirs.model)
            for message in said.values()
        ],
        leaf_id=lineage.nearest(theirs.current_leaf_message_uuid, said)[0],
        model=theirs.model,
        is_pinned=bool(theirs.is_starred),
        created_at=moment(theirs.created_at),
        updated_at=moment(theirs.updated_at),
        left_out=_left_out(theirs.chat_messages),
    )


def _parents(messages: list[_Message]) -> dict[str, str | None]:
    """Return the parent of each message: the one before it where an older export names none at all."""
    if any(message.parent_message_uuid for message in messages):
        return {message.uuid: message.parent_message_uuid for message in messages}
    before = [None, *(message.uuid for message in messages)]
    return {message.uuid: parent_id for message, parent_id in zip(messages, before, strict=False)}


def _foreign(message: _Message, parent_id: str | None, model: str | None) -> ImportedMessage:
    is_human = message.sender == "human"
    return ImportedMessage(
        id=message.uuid,
        parent_id=parent_id,
        role="user" if is_human else "assistant",
        content=message.words(),
        reasoning=message.reasoning(),
        model=None if is_human else model,
        created_at=moment(message.created_at),
    )


def _left_out(messages: list[_Message]) -> Counter[str]:
    left_out: Counter[str] = Counter()
    for message in messages:
        left_out[NO_TEXT] += not message.words()
        left_out[TOOL] += sum(block.type in {"tool_use", "tool_result"} for block in message.content or ())
        left_out[ATTACHMENT] += len(message.files or ())
        left_out[ATTACHMENT] += sum(not attachment.extracted_content for attachment in message.attachments or ())
    return +left_out
