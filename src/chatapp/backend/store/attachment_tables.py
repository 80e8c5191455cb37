"""The tables of files that go along with questions: what each owner has, their bytes, and who holds them."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, ForeignKeyConstraint, Integer, LargeBinary, Table, Text

from chatapp.backend.store.column_types import SafeText, UtcDateTime
from chatapp.backend.store.schema import conversations, metadata

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
