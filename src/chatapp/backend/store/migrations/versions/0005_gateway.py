"""Where a conversation comes from, and how one is found again that its client holds.

Nothing here touches a row that is there: the time it takes does not grow with what is kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns and the table. A row goes with its message."""
    op.add_column("conversations", sa.Column("source", sa.Text))
    op.add_column("conversations", sa.Column("client", sa.Text))
    op.create_table(
        "message_hashes",
        sa.Column("message_id", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("is_answered", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_hashes_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_message_hashes"),
    )
    op.create_index("ix_message_hashes_owner_hash", "message_hashes", ["owner", "hash"])
