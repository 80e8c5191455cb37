"""Passages in scripts without spaces are found by their pairs of letters: no index knows their words."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

POSTGRESQL = (
    "ALTER TABLE project_passages DROP COLUMN searchable",
    """
    ALTER TABLE project_passages ADD COLUMN searchable tsvector GENERATED ALWAYS AS (to_tsvector(
        'english', translate(text || ' ' || coalesce(pairs, ''), '._-/:@#&=+~''', '            ')
    )) STORED
    """,
    "CREATE INDEX ix_project_passages_searchable ON project_passages USING gin (searchable)",
)


def upgrade() -> None:
    """Make the column. Files that are there are found by what is in it once they are added anew."""
    op.add_column("project_passages", sa.Column("pairs", sa.Text))
    for statement in () if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
