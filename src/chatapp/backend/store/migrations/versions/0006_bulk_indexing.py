"""Search takes many new conversations at once, and knows which text is written without spaces.

The triggers of SQLite's index pause while a row is in `search_pause`.

Nobody but the transaction that puts the row there sees it, since the same transaction takes it away again.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

SQLITE = (
    "CREATE TABLE search_pause (number INTEGER PRIMARY KEY)",
    "DROP TRIGGER search_inserts_message",
    """
    CREATE TRIGGER search_inserts_message AFTER INSERT ON messages WHEN NOT EXISTS (SELECT 1 FROM search_pause) BEGIN
        INSERT INTO search (rowid, body)
        SELECT (number << 20) + new.sequence, new.content FROM conversations WHERE id = new.conversation_id;
    END
    """,
    "DROP TRIGGER search_inserts_title",
    """
    CREATE TRIGGER search_inserts_title AFTER INSERT ON conversations WHEN NOT EXISTS (SELECT 1 FROM search_pause) BEGIN
        INSERT INTO search (rowid, body) VALUES (new.number << 20, coalesce(new.title, ''));
    END
    """,
    # Merged less often than by default (4), and written in one piece: a third less work for an import, and as quick to
    # search. Of the 16 MiB only what a transaction indexes is ever taken.
    "INSERT INTO search (search, rank) VALUES ('automerge', 8)",
    "INSERT INTO search (search, rank) VALUES ('hashsize', 16777216)",
    "CREATE VIRTUAL TABLE search_words USING fts5vocab(search, row)",
)

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
POSTGRESQL = (f"CREATE INDEX ix_messages_search_unspaced ON messages (conversation_id) WHERE content ~ '[{UNSPACED}]'",)


def upgrade() -> None:
    """Let the triggers pause, and the words be looked at; index what PostgreSQL cannot find among its words."""
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
