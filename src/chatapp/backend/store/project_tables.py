"""The tables of projects: which there are, their files, and the text of these in passages that words find."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from chatapp.backend.store.column_types import SafeText, UtcDateTime
from chatapp.backend.store.schema import metadata

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
