"""A summary beside an answer: it stands for all messages up to there in what models read."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the columns; messages that are there have no summary."""
    op.add_column("messages", sa.Column("summary", sa.Text))
    op.add_column("messages", sa.Column("summarised", sa.Integer))
