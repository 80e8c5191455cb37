"""Conversations, their messages as a tree, and the turns that made them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

STREAMING = sa.text("status = 'streaming'")


def upgrade() -> None:
    """Make the tables."""
    _make_conversations()
    _make_messages()
    _make_turns()
    _make_turn_pieces()


def _make_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("number", sa.Integer),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.Column("system", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("leaf_id", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_conversations"),
        sa.UniqueConstraint("id", name="uq_conversations_id"),
    )
    op.create_index("ix_conversations_listed", "conversations", ["owner", "pinned", "updated_at", "id"])


def _make_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Text),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("finish_reason", sa.Text),
        sa.Column("prompt_tokens", sa.Integer),
        sa.Column("completion_tokens", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["messages.id"], name="fk_messages_parent_id"),
        sa.UniqueConstraint("conversation_id", "sequence", name="uq_messages_conversation_id_sequence"),
    )
    op.create_index("ix_messages_parent_id", "messages", ["parent_id"])


def _make_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text),
        sa.Column("user_message_id", sa.Text),
        sa.Column("answer_message_id", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("process_id", sa.Text, nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("body_hash", sa.Text),
        sa.Column("runs", sa.JSON, nullable=False),
        sa.Column("saved_text", sa.Integer, nullable=False),
        sa.Column("saved_reasoning", sa.Integer, nullable=False),
        sa.Column("finish_reason", sa.Text),
        sa.Column("usage", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_turns_conversation_id"),
        sa.ForeignKeyConstraint(["user_message_id"], ["messages.id"], name="fk_turns_user_message_id"),
        sa.ForeignKeyConstraint(["answer_message_id"], ["messages.id"], name="fk_turns_answer_message_id"),
        sa.UniqueConstraint("answer_message_id", name="uq_turns_answer_message_id"),
        sa.UniqueConstraint("owner", "idempotency_key", name="uq_turns_owner_idempotency_key"),
    )
    op.create_index("ix_turns_conversation_id", "turns", ["conversation_id"])
    op.create_index("ix_turns_user_message_id", "turns", ["user_message_id"])
    is_streaming: dict[str, Any] = {"sqlite_where": STREAMING, "postgresql_where": STREAMING}
    op.create_index("uq_turns_active", "turns", ["conversation_id"], unique=True, **is_streaming)
    op.create_index("ix_turns_streaming", "turns", ["process_id"], **is_streaming)


def _make_turn_pieces() -> None:
    op.create_table(
        "turn_pieces",
        sa.Column("turn_id", sa.Text),
        sa.Column("position", sa.Integer, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", "position", name="pk_turn_pieces"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_turn_pieces_turn_id"),
    )
