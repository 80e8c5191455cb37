"""Small copies of pictures that were attached, for lists."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the column. Pictures that are there have none until they are attached anew."""
    op.add_column("attachments", sa.Column("thumbnail", sa.LargeBinary))
