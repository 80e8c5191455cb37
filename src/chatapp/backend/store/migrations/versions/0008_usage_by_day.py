"""What an answer took, what calls took by day, and what is put aside for those that are made just now."""

from itertools import pairwise, product

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEY = ("dimension", "owner", "day", "name")
COUNTS = (
    "calls", "failures", "unpriced", "estimated", "prompt_tokens", "cached_tokens", "completion_tokens",
    "reasoning_tokens", "cost_pico",
)  # fmt: skip
EDGES_MS = (0, 50, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 20_000, 60_000, 2**31)
TIMES = {"first": "first_token_ms", "whole": "duration_ms"}


def upgrade() -> None:
    """Make the column and the tables, the first of these with what is there."""
    op.add_column("turns", sa.Column("usage_details", sa.JSON))
    op.create_index("ix_model_calls_turn_id", "model_calls", ["turn_id"])
    places = range(len(EDGES_MS) - 1)
    op.create_table(
        "usage_days",
        *(sa.Column(name, sa.Text, nullable=False) for name in KEY),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
        *(sa.Column(f"{kind}_{place}", sa.Integer, nullable=False) for kind in TIMES for place in places),
        sa.PrimaryKeyConstraint(*KEY, name="pk_usage_days"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.Text),
        sa.Column("process_id", sa.Text, nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("cost_pico", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
    )
    _add_up_what_is_there()


def _add_up_what_is_there() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    day = "substr(created_at, 1, 10)" if is_sqlite else "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    names = {"day": day, "model": "model", "connection": "connection", "surface": "coalesce(surface, '')"}
    for (dimension, name), owner in product(names.items(), ("owner", "'*'")):
        key = {"dimension": f"'{dimension}'", "owner": owner, "day": day, "name": name}
        op.get_bind().exec_driver_sql(_added_up(key))


def _added_up(key: dict[str, str]) -> str:
    """Return the statement that adds up what is there, as `store/usage.py` does with what comes."""
    sums = {
        "calls": "count(*)",
        "failures": _count("status IN ('failed', 'incomplete', 'interrupted')"),
        "unpriced": _count("cost_pico IS NULL"),
        "estimated": _count("is_estimated"),
    }
    sums |= {name: f"coalesce(sum({name}), 0)" for name in COUNTS if name not in sums}
    sums |= {
        f"{kind}_{place}": _count(f"{column} >= {low} AND {column} < {high}")
        for kind, column in TIMES.items()
        for place, (low, high) in enumerate(pairwise(EDGES_MS))
    }
    return (
        f"INSERT INTO usage_days ({', '.join([*key, *sums])}) "  # noqa: S608 - our own names
        f"SELECT {', '.join([*key.values(), *sums.values()])} FROM model_calls GROUP BY 1, 2, 3, 4"
    )


def _count(condition: str) -> str:
    return f"coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)"
