"""Files that go along with questions: what each owner has, their bytes once, and the conversations that hold them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables. A row of `attachment_uses` goes with its conversation."""
    op.create_table(
        "attachments",
        sa.Column("owner", sa.Text),
        sa.Column("id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "id", name="pk_attachments"),
    )
    op.create_table(
        "attachment_contents",
        sa.Column("attachment_id", sa.Text),
        sa.Column("position", sa.Integer, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attachment_id", "position", name="pk_attachment_contents"),
    )
    op.create_table(
        "attachment_uses",
        sa.Column("conversation_id", sa.Text),
        sa.Column("attachment_id", sa.Text),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_attachment_uses_conversation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "attachment_id", name="pk_attachment_uses"),
    )
    op.create_index("ix_attachment_uses_attachment_id", "attachment_uses", ["attachment_id"])
