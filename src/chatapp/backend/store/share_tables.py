"""The table of links under which conversations can be read."""

from sqlalchemy import Column, ForeignKey, Table, Text

from chatapp.backend.store.column_types import UtcDateTime
from chatapp.backend.store.schema import conversations, metadata

shares = Table(
    "shares",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("conversation_id", ForeignKey(conversations.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("leaf_id", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
