"""How the model chooses its words in a conversation: temperature, longest answer and effort."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the column; conversations that are there have none."""
    op.add_column("conversations", sa.Column("sampling", sa.JSON))
