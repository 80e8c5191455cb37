"""Stores as earlier versions have left them, with much in them."""

from sqlalchemy import text

from chatapp.backend.store.database import Database
from chatapp.backend.store.migration import upgrade

CONVERSATIONS, MESSAGES_EACH = 1000, 100

_NUMBERS = {
    True: "(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {count}) SELECT n FROM up)",
    False: "(SELECT n FROM generate_series(1, {count}) AS n)",
}
_FILLING = (
    """
    INSERT INTO conversations (number, id, owner, title, pinned, leaf_id, created_at, updated_at)
    SELECT n, 'c' || n, 'ada', 'Talk ' || n, false, 'c' || n || '-{each}', '2026-01-01 00:00:00', '2026-01-01 00:00:00'
    FROM {conversations} AS numbers
    """,
    """
    INSERT INTO messages (id, conversation_id, parent_id, sequence, role, content, reasoning, status, created_at)
    SELECT 'c' || c.n || '-' || m.n, 'c' || c.n, CASE WHEN m.n > 1 THEN 'c' || c.n || '-' || (m.n - 1) END, m.n,
        CASE m.n % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, 'about whale' || c.n || 'x' || m.n, '', 'complete',
        '2026-01-01 00:00:00'
    FROM {conversations} AS c, {messages} AS m
    """,
    """
    INSERT INTO turns (id, owner, conversation_id, user_message_id, answer_message_id, status, model, process_id,
        heartbeat_at, cancel_requested, runs, saved_text, saved_reasoning, created_at)
    VALUES ('t1', 'ada', 'c1', 'c1-99', 'c1-100', 'streaming', 'm', 'p1', '2026-01-01 00:00:00', false,
        '[["start", 1], ["text", 4]]', 4, 0, '2026-01-01 00:00:00')
    """,
    "INSERT INTO turn_pieces (turn_id, position, text, reasoning) VALUES ('t1', 1, 'Half', '')",
    "UPDATE messages SET status = 'streaming', content = '' WHERE id = 'c1-100'",
)


def fill_old_store(database: Database, revision: str) -> None:
    """Make an empty database one of `revision` with 100,000 messages and a turn that was being answered."""
    names = {
        "each": MESSAGES_EACH,
        "conversations": _NUMBERS[database.is_sqlite].format(count=CONVERSATIONS),
        "messages": _NUMBERS[database.is_sqlite].format(count=MESSAGES_EACH),
    }
    with database.write() as connection:
        upgrade(connection, "0001")
        for statement in _FILLING:
            connection.execute(text(statement.format(**names)))
        upgrade(connection, revision)
