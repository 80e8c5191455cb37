"""Pictures of pages that have no words, as scans are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table. What was sent before is read anew when it is sent again."""
    op.create_table(
        "attachment_pages",
        sa.Column("owner", sa.Text),
        sa.Column("attachment_id", sa.Text),
        sa.Column("page", sa.Integer, autoincrement=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "attachment_id"],
            ["attachments.owner", "attachments.id"],
            name="fk_attachment_pages_owner_attachment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner", "attachment_id", "page", name="pk_attachment_pages"),
    )
