"""What was last read of each imported conversation, so that the next import knows what is new.

The table begins empty: what was imported before is compared message by message once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table. A row goes with its conversation."""
    op.create_table(
        "imports",
        sa.Column("conversation_id", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("leaf_id", sa.Text),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.Column("told", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_imports_conversation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_imports"),
    )
    op.create_index("ix_imports_fingerprint", "imports", ["fingerprint"])
