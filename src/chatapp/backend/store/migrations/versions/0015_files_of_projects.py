"""Files of projects, and their text in passages that are found by their words."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

# A passage's number is project * 2^32 + place, so that those of a project lie together in the table and in the index,
# which knows of each word only in which passages it is.
SQLITE = (
    """
    CREATE VIRTUAL TABLE search_files USING fts5(
        text, content='project_passages', content_rowid='number', detail=none, columnsize=0,
        tokenize='porter unicode61 remove_diacritics 2'
    )
    """,
)

# Punctuation becomes blanks, or the parser would take `python.org` for one word.
POSTGRESQL = (
    """
    ALTER TABLE project_passages ADD COLUMN searchable tsvector GENERATED ALWAYS AS
    (to_tsvector('english', translate(text, '._-/:@#&=+~''', '            '))) STORED
    """,
    "CREATE INDEX ix_project_passages_searchable ON project_passages USING gin (searchable)",
)


def upgrade() -> None:
    """Make the tables and the index."""
    op.create_table(
        "project_files",
        sa.Column("project_id", sa.Text),
        sa.Column("attachment_id", sa.Text),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("first_passage", sa.BigInteger, nullable=False),
        sa.Column("last_passage", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_files_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "attachment_id", name="pk_project_files"),
    )
    op.create_index("ix_project_files_attachment_id", "project_files", ["attachment_id"])
    op.create_table(
        "project_passages",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False),
        sa.Column("attachment_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_project_passages"),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
