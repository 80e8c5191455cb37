"""The end of a conversation: its answers are stopped, and what is in it goes for good."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from chatapp.backend.store.schema import chunks, conversations, messages, turns

KEPT_AFTER_DELETION = timedelta(days=30)
"""How long a conversation, or a project, can be restored."""


def remove_conversation(connection: Connection, conversation_id: str) -> None:
    """Delete what refers to something before what it refers to."""
    its_turns = locked_turns(connection, conversation_id)
    connection.execute(delete(chunks).where(chunks.c.turn_id.in_(its_turns)))
    connection.execute(delete(turns).where(turns.c.id.in_(its_turns)))
    connection.execute(delete(messages).where(messages.c.conversation_id == conversation_id))
    connection.execute(delete(conversations).where(conversations.c.id == conversation_id))


def locked_turns(connection: Connection, conversation_id: str) -> Sequence[str]:
    """Return the ids of a conversation's turns, which nobody else writes to until the transaction ends.

    They come before the conversation, as for who saves an answer: else each would wait for what the other has locked.
    """
    its_messages = select(messages.c.id).where(messages.c.conversation_id == conversation_id)
    is_its = or_(turns.c.conversation_id == conversation_id, turns.c.answer_message_id.in_(its_messages))
    return connection.scalars(select(turns.c.id).where(is_its).with_for_update()).all()


def stop_answers(connection: Connection, is_theirs: ColumnElement[bool]) -> None:
    """Have the answers stopped that are being made in conversations, also those beside the one that is active there."""
    theirs = select(conversations.c.id).where(is_theirs)
    being_made = select(messages.c.id).where(messages.c.conversation_id.in_(theirs), messages.c.status == "streaming")
    is_made = or_(turns.c.conversation_id.in_(theirs), turns.c.answer_message_id.in_(being_made))
    connection.execute(update(turns).where(turns.c.status == "streaming", is_made).values(cancel_requested=True))
