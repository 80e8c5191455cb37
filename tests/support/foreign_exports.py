"""Small exports in the formats of other programs."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def chatgpt_node(
    node_id: str, parent: str | None, role: str = "", text: str = "", *, seconds: float = 0, **changes: Any
) -> Json:
    """A node of a mapping; without a role it has no message, as the root."""
    if not role:
        return {"id": node_id, "message": None, "parent": parent, "children": []}
    message = {
        "id": node_id,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1_780_000_000 + seconds,
        "content": {"content_type": "text", "parts": [text]},
        "status": "finished_successfully",
        "recipient": "all",
        "metadata": {"model_slug": "gpt-5"} if role == "assistant" else {},
        **changes,
    }
    return {"id": node_id, "message": message, "parent": parent, "children": []}


def chatgpt(conversation_id: str = "g1", title: str = "Whales") -> Json:
    """A question with two answers, the second thought about, and a tool and a hidden message on the way."""
    nodes = [
        chatgpt_node("root", None),
        chatgpt_node("sys", "root", "system", "", metadata={"is_visually_hidden_from_conversation": True}),
        chatgpt_node("q", "sys", "user", "What are whales?", seconds=1),
        chatgpt_node("a1", "q", "assistant", "Fish.", seconds=2),
        chatgpt_node(
            "think",
            "q",
            "assistant",
            seconds=3,
            content={"content_type": "thoughts", "thoughts": [{"summary": "Hm", "content": "Not fish."}]},
        ),
        chatgpt_node("call", "think", "assistant", "search()", seconds=4, recipient="web"),
        chatgpt_node("tool", "call", "tool", "results", seconds=5),
        chatgpt_node("a2", "tool", "assistant", "Mammals.", seconds=6, metadata={}),
    ]
    return {
        "title": title,
        "create_time": 1_780_000_000.5,
        "update_time": 1_780_000_100.5,
        "mapping": {node["id"]: node for node in nodes},
        "current_node": "a2",
        "conversation_id": conversation_id,
        "is_archived": False,
        "default_model_slug": None,
    }


def claude() -> Json:
    """A question with a pasted text, an edited one beside it, and a thoughtful answer to the latter."""
    root = "00000000-0000-4000-8000-000000000000"
    pasted = {"file_name": "", "file_size": 9, "file_type": "txt", "extracted_content": "long text"}
    thought = {"type": "thinking", "thinking": "Salt."}
    call = {"type": "tool_use", "name": "search", "input": {}}
    common = {"files": [], "attachments": []}
    return {
        "uuid": "c1",
        "name": "The sea",
        "account": {"uuid": "x"},
        "created_at": "2026-05-01T10:00:00.000000Z",
        "updated_at": "2026-05-01T11:00:00.000000Z",
        "chat_messages": [
            {
                **common,
                "uuid": "m1",
                "sender": "human",
                "text": "Why?",
                "content": [{"type": "text", "text": "Why?"}],
                "attachments": [pasted],
                "files": [{"file_name": "sea.png"}],
                "created_at": "2026-05-01T10:00:00.000000Z",
                "parent_message_uuid": root,
            },
            {
                **common,
                "uuid": "m2",
                "sender": "human",
                "text": "Why is the sea salty?",
                "content": [],
                "created_at": "2026-05-01T10:01:00.000000Z",
                "parent_message_uuid": root,
            },
            {
                **common,
                "uuid": "m3",
                "sender": "assistant",
                "text": "",
                "content": [thought, {"type": "text", "text": "Rivers."}, call, {"type": "text", "text": "And time."}],
                "created_at": "2026-05-01T10:02:00.000000Z",
                "parent_message_uuid": "m2",
            },
        ],
    }


def open_webui() -> Json:
    """A question with two answers, the older one on show; the newer has its reasoning and a tool in its text."""
    reasoning = (
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
        "&gt; a &lt; b\n&gt; so\n</details>\n"
    )
    tool = '<details type="tool_calls" done="true" name="x"><summary>Tool Executed</summary></details>\n'
    messages = {
        "u1": {
            "id": "u1",
            "parentId": None,
            "childrenIds": ["a1", "a2"],
            "role": "user",
            "content": "Hi",
            "timestamp": 1_780_000_000,
        },
        "a1": {
            "id": "a1",
            "parentId": "u1",
            "role": "assistant",
            "content": "Hello",
            "model": "llama3",
            "timestamp": 1_780_000_001,
            "done": True,
        },
        "a2": {
            "id": "a2",
            "parentId": "u1",
            "role": "assistant",
            "content": f"{reasoning}{tool}Hey",
            "model": "llama3",
            "timestamp": 1_780_000_002,
        },
    }
    return {
        "id": "w1",
        "user_id": "u",
        "title": "Greetings",
        "archived": True,
        "pinned": False,
        "created_at": 1_780_000_000,
        "updated_at": 1_780_000_002,
        "chat": {
            "title": "Greetings",
            "models": ["llama3"],
            "params": {"system": "Be kind."},
            "history": {"messages": messages, "currentId": "a1"},
            "messages": [],
        },
    }


def write_json(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def write_zip(path: Path, **files: object) -> Path:
    """A zip of JSON files; two underscores in a name stand for a dash, JSON is appended."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, document in files.items():
            content = document if isinstance(document, str | bytes) else json.dumps(document)
            archive.writestr(f"export/{name.replace('__', '-')}.json", content)
    return path


ELIA_SCRIPT = """
CREATE TABLE chat (id, title, started_at);
CREATE TABLE message (chat_id INTEGER, role, content);
INSERT INTO chat VALUES (2, 'T', '2026-01-01');
INSERT INTO message (chat_id, role, content) VALUES (2, 'user', 'Why?'), (2, 'assistant', 'So.');
"""

LLM_TABLES = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (
    id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT, response TEXT,
    response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT, input_tokens INTEGER,
    output_tokens INTEGER, token_details TEXT, schema_id TEXT, resolved_model TEXT
);
INSERT INTO conversations VALUES ('o1', 'Old talk', 'gpt-4o');
INSERT INTO responses (id, model, prompt, system, response, conversation_id, datetime_utc, input_tokens, output_tokens)
VALUES ('r1', 'gpt-4o', 'One?', 'Be brief.', '1', 'o1', '2025-01-01T10:00:00', 3, 5),
       ('r2', 'gpt-4o', 'Two?', NULL, '2', 'o1', '2025-01-01T10:01:00', NULL, NULL);
"""

LLM_036_TABLES = """
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT, payload TEXT
);
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (
    id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
    resolved_model TEXT, options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER,
    token_details TEXT, duration_ms INTEGER, datetime_utc TEXT, response_json TEXT
);
INSERT INTO fragments VALUES (1, 'x', 'a fragment', '', NULL);
INSERT INTO messages VALUES ('s', NULL, 'system', NULL), ('q1', 's', 'user', NULL), ('a1', 'q1', 'assistant', NULL),
                            ('q2', 'a1', 'user', NULL), ('a2', 'q2', 'assistant', NULL);
INSERT INTO parts (message_hash, position, type, text, payload)
VALUES ('s', 0, 'text', 'Be brief.', NULL), ('q1', 0, 'text', 'One?', NULL),
       ('a1', 0, 'reasoning', 'Hm.', NULL), ('a1', 1, 'text', '1', NULL), ('a1', 2, 'tool_call', NULL, '{}'),
       ('q2', 0, 'text', NULL, '{"text_ref": [{"fragment": 1}, {"literal": " Two?"}]}'), ('a2', 0, 'text', '2', NULL);
INSERT INTO threads VALUES ('t1', 'New talk', 'a2', NULL, '2026-06-01 10:00:00.000000+00:00');
INSERT INTO turns (id, thread_id, parent_message_hash, tip_message_hash, model, resolved_model, input_tokens,
                   output_tokens, datetime_utc)
VALUES ('n1', 't1', 'q1', 'a1', 'gpt', 'gpt-5', 3, 5, '2026-06-01T10:00:00+00:00'),
       ('n2', 't1', 'q2', 'a2', 'gpt', NULL, NULL, NULL, '2026-06-01T10:01:00+00:00');
"""


def write_database(path: Path, *scripts: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for script in scripts:
            connection.executescript(script)
    return path
