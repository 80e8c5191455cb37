"""Projects: conversations that belong together, with instructions and a model for all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table; conversations that are there are in no project."""
    op.create_table(
        "projects",
        sa.Column("number", sa.Integer),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("instructions", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_projects"),
        sa.UniqueConstraint("id", name="uq_projects_id"),
    )
    op.create_index("ix_projects_owner", "projects", ["owner"])
    op.add_column("conversations", sa.Column("project_id", sa.Text))
    is_in_one = sa.text("project_id IS NOT NULL")
    columns = ["project_id", "pinned", "updated_at", "id"]
    op.create_index(
        "ix_conversations_project", "conversations", columns, sqlite_where=is_in_one, postgresql_where=is_in_one
    )
