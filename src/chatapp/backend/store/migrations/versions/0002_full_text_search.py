"""Full-text search over titles and messages, kept current by the database itself."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQLITE = (
    # An index without the text. A row's number says where its text is: conversation * 2^20 + sequence; 0 is the title.
    "CREATE VIRTUAL TABLE search USING fts5(body, content='', tokenize='unicode61 remove_diacritics 2')",
    """
    CREATE TRIGGER search_inserts_message AFTER INSERT ON messages BEGIN
        INSERT INTO search (rowid, body)
        SELECT (number << 20) + new.sequence, new.content FROM conversations WHERE id = new.conversation_id;
    END
    """,
    """
    CREATE TRIGGER search_updates_message AFTER UPDATE OF content ON messages BEGIN
        INSERT INTO search (search, rowid, body)
        SELECT 'delete', (number << 20) + old.sequence, old.content FROM conversations WHERE id = old.conversation_id;
        INSERT INTO search (rowid, body)
        SELECT (number << 20) + new.sequence, new.content FROM conversations WHERE id = new.conversation_id;
    END
    """,
    """
    CREATE TRIGGER search_deletes_message AFTER DELETE ON messages BEGIN
        INSERT INTO search (search, rowid, body)
        SELECT 'delete', (number << 20) + old.sequence, old.content FROM conversations WHERE id = old.conversation_id;
    END
    """,
    """
    CREATE TRIGGER search_inserts_title AFTER INSERT ON conversations BEGIN
        INSERT INTO search (rowid, body) VALUES (new.number << 20, coalesce(new.title, ''));
    END
    """,
    """
    CREATE TRIGGER search_updates_title AFTER UPDATE OF title ON conversations BEGIN
        INSERT INTO search (search, rowid, body) VALUES ('delete', old.number << 20, coalesce(old.title, ''));
        INSERT INTO search (rowid, body) VALUES (new.number << 20, coalesce(new.title, ''));
    END
    """,
    """
    CREATE TRIGGER search_deletes_title AFTER DELETE ON conversations BEGIN
        INSERT INTO search (search, rowid, body) VALUES ('delete', old.number << 20, coalesce(old.title, ''));
    END
    """,
    "INSERT INTO search (rowid, body) SELECT number << 20, coalesce(title, '') FROM conversations",
    """
    INSERT INTO search (rowid, body)
    SELECT (number << 20) + sequence, content FROM messages JOIN conversations ON conversations.id = conversation_id
    """,
)

# Punctuation becomes blanks, or the parser would take `python.org` for one word. A tsvector holds 1 MB at most.
POSTGRESQL = (
    """
    ALTER TABLE messages ADD COLUMN searchable tsvector GENERATED ALWAYS AS
    (to_tsvector('simple', translate(left(content, 100000), '._-/:@#&=+~''', '            '))) STORED
    """,
    """
    ALTER TABLE conversations ADD COLUMN searchable tsvector GENERATED ALWAYS AS
    (to_tsvector('simple', translate(left(title, 100000), '._-/:@#&=+~''', '            '))) STORED
    """,
    "CREATE INDEX ix_messages_searchable ON messages USING gin (searchable)",
    "CREATE INDEX ix_conversations_searchable ON conversations USING gin (searchable)",
)


def upgrade() -> None:
    """Make the index, over what is there already."""
    op.create_index("ix_conversations_recent", "conversations", ["owner", "updated_at", "id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
