"""The tables, as queries see them. What the database really holds is made by `migrations/`; a test compares the two."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from chatapp.backend.store.column_types import SafeText, TokenCount, UtcDateTime
from chatapp.backend.store.parts import MessageParts

SCHEMA_VERSION = "0018"
"""The newest revision in `migrations/versions`."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMES)

IS_IN_PROJECT, IN_PROJECT = text("project_id IS NOT NULL"), ("project_id", "pinned", "updated_at", "id")

conversations = Table(
    "conversations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("title", SafeText),
    Column("pinned", Boolean, nullable=False),
    Column("system", SafeText),
    Column("model", SafeText),
    Column("leaf_id", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("archived_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Column("source", Text),
    Column("client", SafeText),
    Column("sampling", JSON(none_as_null=True)),
    Column("project_id", Text),
    Index("ix_conversations_listed", "owner", "pinned", "updated_at", "id"),
    Index("ix_conversations_recent", "owner", "updated_at", "id"),
    Index("ix_conversations_project", *IN_PROJECT, sqlite_where=IS_IN_PROJECT),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", ForeignKey(conversations.c.id), nullable=False),
    Column("parent_id", ForeignKey("messages.id"), index=True),
    Column("sequence", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("content", SafeText, nullable=False),
    Column("reasoning", SafeText, nullable=False),
    Column("parts", MessageParts(none_as_null=True)),
    Column("model", SafeText),
    Column("status", Text, nullable=False),
    Column("finish_reason", SafeText),
    Column("prompt_tokens", TokenCount),
    Column("completion_tokens", TokenCount),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("summary", SafeText),
    Column("summarised", Integer),
    UniqueConstraint("conversation_id", "sequence"),
)

message_hashes = Table(
    "message_hashes",
    metadata,
    Column("message_id", ForeignKey(messages.c.id, ondelete="CASCADE"), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("is_answered", Boolean, nullable=False),
    Index("ix_message_hashes_owner_hash", "owner", "hash"),
)

IS_STREAMING = text("status = 'streaming'")

turns = Table(
    "turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("conversation_id", ForeignKey(conversations.c.id)),
    Column("user_message_id", ForeignKey(messages.c.id)),
    Column("answer_message_id", ForeignKey(messages.c.id), unique=True),
    Column("status", Text, nullable=False),
    Column("model", SafeText, nullable=False),
    Column("process_id", Text, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("idempotency_key", Text),
    Column("body_hash", Text),
    Column("segments", JSON(none_as_null=True), nullable=False),
    Column("saved_text", Integer, nullable=False),
    Column("saved_reasoning", Integer, nullable=False),
    Column("finish_reason", SafeText),
    Column("usage", JSON(none_as_null=True)),
    Column("usage_details", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("latency_ms", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("owner", "idempotency_key"),
    Index("ix_turns_conversation_id", "conversation_id"),
    Index("ix_turns_user_message_id", "user_message_id"),
    Index("uq_turns_active", "conversation_id", unique=True, sqlite_where=IS_STREAMING),
    Index("ix_turns_streaming", "process_id", sqlite_where=IS_STREAMING),
)

chunks = Table(
    "turn_chunks",
    metadata,
    Column("turn_id", ForeignKey(turns.c.id), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("text", SafeText, nullable=False),
    Column("reasoning", SafeText, nullable=False),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("owner", Text, nullable=False),
    Column("turn_id", Text),
    Column("connection", SafeText, nullable=False),
    Column("model", SafeText, nullable=False),
    Column("answered_model", SafeText),
    Column("surface", Text),
    Column("status", Text, nullable=False),
    Column("error_code", Text),
    Column("prompt_tokens", TokenCount),
    Column("cached_tokens", TokenCount),
    Column("completion_tokens", TokenCount),
    Column("reasoning_tokens", TokenCount),
    Column("is_estimated", Boolean, nullable=False),
    Column("cost_pico", BigInteger),
    Column("price_source", Text),
    Column("first_token_ms", Integer),
    Column("duration_ms", Integer, nullable=False),
    Index("ix_model_calls_owner", "owner", "created_at"),
    Index("ix_model_calls_turn_id", "turn_id"),
    Index("ix_model_calls_created_at", "created_at"),
)

USAGE_KEY = ("dimension", "owner", "day", "name")
USAGE_COUNTS = (
    "calls", "failures", "unpriced", "estimated", "prompt_tokens", "cached_tokens", "completion_tokens",
    "reasoning_tokens", "cost_pico",
)  # fmt: skip
EDGES_MS = (50, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 20_000, 60_000)
"""Between these milliseconds calls are counted, so that percentiles of any number of days can be told."""
FIRST_TOKEN_COUNTS = tuple(f"first_{place}" for place in range(len(EDGES_MS) + 1))
DURATION_COUNTS = tuple(f"whole_{place}" for place in range(len(EDGES_MS) + 1))

usage_days = Table(
    "usage_days",
    metadata,
    *(Column(name, SafeText, primary_key=True) for name in USAGE_KEY),
    *(Column(name, BigInteger, nullable=False) for name in USAGE_COUNTS),
    *(Column(name, Integer, nullable=False) for name in (*FIRST_TOKEN_COUNTS, *DURATION_COUNTS)),
)

reservations = Table(
    "reservations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("process_id", Text, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("owner", Text, nullable=False),
    Column("connection", SafeText, nullable=False),
    Column("cost_pico", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("estimate", JSON(none_as_null=True)),
)

imports = Table(
    "imports",
    metadata,
    Column("conversation_id", ForeignKey(conversations.c.id, ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, index=True),
    Column("leaf_id", Text),
    Column("updated_at", UtcDateTime),
    Column("told", JSON, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", SafeText, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", Integer),
    Column("text", SafeText, nullable=False),
    Column("picture", LargeBinary),
    Column("thumbnail", LargeBinary),
    Column("notes", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

attachment_pages = Table(
    "attachment_pages",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("attachment_id", Text, primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("picture", LargeBinary, nullable=False),
    ForeignKeyConstraint(["owner", "attachment_id"], [attachments.c.owner, attachments.c.id], ondelete="CASCADE"),
)

attachment_contents = Table(
    "attachment_contents",
    metadata,
    Column("attachment_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

attachment_uses = Table(
    "attachment_uses",
    metadata,
    Column("conversation_id", ForeignKey(conversations.c.id, ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", Text, primary_key=True, index=True),
)

projects = Table(
    "projects",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False, index=True),
    Column("name", SafeText, nullable=False),
    Column("instructions", SafeText),
    Column("model", SafeText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
)

project_files = Table(
    "project_files",
    metadata,
    Column("project_id", ForeignKey(projects.c.id, ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", Text, primary_key=True, index=True),
    Column("tokens", BigInteger, nullable=False),
    Column("first_passage", BigInteger, nullable=False),
    Column("last_passage", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

project_passages = Table(
    "project_passages",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("attachment_id", Text, nullable=False),
    Column("text", SafeText, nullable=False),
    Column("pairs", SafeText),
)


def complete_for_postgres() -> None:
    """Let indexes of some rows be such on PostgreSQL too: to say so above would load its dialect for everybody."""
    for index in [index for table in metadata.tables.values() for index in table.indexes]:
        if (rows := index.dialect_options["sqlite"]["where"]) is not None:
            index.dialect_kwargs["postgresql_where"] = rows
