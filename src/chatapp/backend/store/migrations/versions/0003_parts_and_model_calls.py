"""Parts of messages beside their text, and a record of every call to a model.

Nothing here touches a row that is there: the time it takes does not grow with what is kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CHUNKS_CONSTRAINTS = {"pk_turn_pieces": "pk_turn_chunks", "fk_turn_pieces_turn_id": "fk_turn_chunks_turn_id"}


def upgrade() -> None:
    """Add the column and the table, and give what holds an answer in the making its name in the code."""
    op.add_column("messages", sa.Column("parts", sa.JSON))
    op.alter_column("turns", "runs", new_column_name="segments")
    op.rename_table("turn_pieces", "turn_chunks")
    if op.get_bind().dialect.name != "sqlite":  # which neither renames constraints nor looks at their names
        for before, after in CHUNKS_CONSTRAINTS.items():
            op.execute(f"ALTER TABLE turn_chunks RENAME CONSTRAINT {before} TO {after}")
    _make_model_calls()


def _make_model_calls() -> None:
    """Make the table. It refers to no other: a call stays on record when its turn and conversation are gone."""
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("turn_id", sa.Text),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("answered_model", sa.Text),
        sa.Column("surface", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("prompt_tokens", sa.Integer),
        sa.Column("cached_tokens", sa.Integer),
        sa.Column("completion_tokens", sa.Integer),
        sa.Column("reasoning_tokens", sa.Integer),
        sa.Column("first_token_ms", sa.Integer),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_calls"),
    )
    op.create_index("ix_model_calls_owner", "model_calls", ["owner", "created_at"])
    op.create_index("ix_model_calls_created_at", "model_calls", ["created_at"])
