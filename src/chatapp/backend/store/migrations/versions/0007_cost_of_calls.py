"""What each call to a model cost. Of those that were made before, nobody knows."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("model_calls", sa.Column("is_estimated", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("model_calls", sa.Column("cost_pico", sa.BigInteger))
    op.add_column("model_calls", sa.Column("price_source", sa.Text))
