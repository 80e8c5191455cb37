"""Databases of programs: tables of elia 1.10, opencode 1.18 and oterm 0.26, and of others as readers of theirs do."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.store.imported import ATTACHMENT, TOOL, Unreadable
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.files import ExportReader
from chatapp.backend.transfer.importers.json_values import Fingerprints
from chatapp.backend.transfer.importers.pieces import Unknown
from support.foreign_exports import ELIA_SCRIPT, LLM_036_TABLES, LLM_TABLES, write_database
from support.imported import Bring, Json

WHEN = "2026-05-28 20:26:40.000000"
MS = 1_780_000_000_000
Tables = dict[str, list[Json]]


def text(**fields: Any) -> str:
    return json.dumps(fields)


def parts(*told: Json) -> str:
    return json.dumps(told)


ELIA: Tables = {
    "chat": [{"id": 1, "model": "m", "title": "T", "started_at": WHEN, "archived": 0}],
    "message": [
        {"id": 1, "chat_id": 1, "role": "system", "content": "Be brief.", "timestamp": WHEN, "model": "m"},
        {"id": 2, "chat_id": 1, "role": "user", "content": "Why?", "timestamp": WHEN, "model": "m"},
        {"id": 3, "chat_id": 1, "role": "assistant", "content": "So.", "timestamp": WHEN, "model": "m"},
    ],
}
OTERM: Tables = {
    "chat": [{"id": 1, "name": "T", "model": "m", "system": "Be brief.", "provider": "ollama"}],
    "message": [
        {"id": 1, "chat_id": 1, "author": "user", "text": "Why?", "images": "[]"},
        {"id": 2, "chat_id": 1, "author": "assistant", "text": "So.", "images": "[]"},
    ],
}
OPENCODE: Tables = {
    "session": [
        {"id": "s", "slug": "x", "title": "T", "time_created": MS, "time_updated": MS, "parent_id": None},
        {"id": "o", "slug": "y", "title": "O", "time_created": MS, "time_updated": MS, "parent_id": "s"},
    ],
    "message": [
        {"id": "1", "session_id": "s", "data": text(role="user", time={"created": MS})},
        {"id": "2", "session_id": "s", "data": text(role="assistant", modelID="m", tokens={"output": 4})},
        {"id": "3", "session_id": "o", "data": text(role="user")},
    ],
    "part": [
        {"id": "a", "message_id": "1", "session_id": "s", "data": text(type="text", text="Why?")},
        {"id": "b", "message_id": "2", "session_id": "s", "data": text(type="reasoning", text="Hm.")},
        {"id": "c", "message_id": "2", "session_id": "s", "data": text(type="text", text="So.")},
        {"id": "d", "message_id": "3", "session_id": "o", "data": text(type="text", text="A task")},
    ],
}
GOOSE: Tables = {
    "sessions": [{"id": "g", "name": "T", "working_dir": "/", "created_at": WHEN}],
    "messages": [
        {
            "id": number,
            "message_id": None,
            "session_id": "g",
            "role": role,
            "content_json": parts(*told),
            "created_timestamp": MS,
            "metadata_json": text(userVisible=number != 1),
        }
        for number, (role, told) in enumerate(
            [
                ("user", [{"type": "text", "text": "Why?"}]),
                ("user", [{"type": "text", "text": "<turn-context>"}]),
                ("assistant", [{"type": "thinking", "thinking": "Hm."}, {"type": "toolRequest"}]),
                ("assistant", [{"type": "text", "text": "So."}]),
            ]
        )
    ],
}
CRUSH: Tables = {
    "sessions": [
        {"id": "c", "title": "T", "parent_session_id": None, "created_at": MS, "updated_at": MS},
        {"id": "o", "title": "O", "parent_session_id": "c", "created_at": MS, "updated_at": MS},
    ],
    "messages": [
        {
            "id": "1",
            "session_id": "c",
            "role": "user",
            "parts": parts({"type": "text", "data": {"text": "Why?"}}),
            "created_at": MS,
        },
        {
            "id": "2",
            "session_id": "c",
            "role": "assistant",
            "parts": parts(
                {"type": "reasoning", "data": {"thinking": "Hm."}},
                {"type": "text", "data": {"text": "So."}},
                {"type": "finish", "data": {"reason": "end_turn"}},
            ),
            "model": "m",
            "created_at": MS,
        },
    ],
}
CURSOR: Tables = {
    "cursorDiskKV": [
        {
            "key": "composerData:c",
            "value": text(
                name="T",
                createdAt=MS,
                fullConversationHeadersOnly=[{"bubbleId": "1", "type": 1}, {"bubbleId": "2", "type": 2}],
            ),
        },
        {"key": "bubbleId:c:1", "value": text(type=1, text="Why?")},
        {
            "key": "bubbleId:c:2",
            "value": text(type=2, text="So.", thinking={"text": "Hm."}, modelInfo={"modelName": "m"}),
        },
        {"key": "composerData:empty", "value": None},
    ],
}
OLLAMA: Tables = {
    "chats": [{"id": "o", "title": "T", "created_at": WHEN, "browser_state": None}],
    "messages": [
        {"id": 1, "chat_id": "o", "role": "user", "content": "Why?", "thinking": "", "created_at": f"{WHEN}+02:00"},
        {"id": 2, "chat_id": "o", "role": "tool", "content": "found", "thinking": "", "tool_result": "{}"},
        {
            "id": 3,
            "chat_id": "o",
            "role": "assistant",
            "content": "So.",
            "thinking": "Hm.",
            "model_name": "m",
            "thinking_time_start": WHEN,
            "thinking_time_end": "2026-05-28 20:26:42.500000",
        },
    ],
    "tool_calls": [{"id": 1, "message_id": 3, "function_name": "search"}],
}
ANYTHING_LLM: Tables = {
    "workspaces": [{"id": 1, "name": "W", "slug": "w", "openAiPrompt": "Be brief.", "chatModel": "m"}],
    "workspace_threads": [{"id": 7, "name": "T", "slug": "5b0c", "workspace_id": 1}],
    "workspace_chats": [
        {
            "id": 1,
            "workspaceId": 1,
            "prompt": "Why?",
            "response": text(text="<think>Hm.</think>So.", sources=[], type="chat", metrics={"prompt_tokens": 3}),
            "include": 1,
            "thread_id": 7,
            "createdAt": MS,
        },
        {"id": 2, "workspaceId": 1, "prompt": "Gone?", "response": text(text="Gone."), "include": 0, "thread_id": 7},
    ],
}
DATABASES: dict[str, tuple[Tables, tuple[str | None, str, str | None]]] = {
    "elia": (ELIA, ("Be brief.", "", "m")),
    "oterm": (OTERM, ("Be brief.", "", "m")),
    "opencode": (OPENCODE, (None, "Hm.", "m")),
    "goose": (GOOSE, (None, "Hm.", None)),
    "crush": (CRUSH, (None, "Hm.", "m")),
    "cursor": (CURSOR, (None, "Hm.", "m")),
    "ollama": (OLLAMA, (None, "Hm.", "m")),
    "anything-llm": (ANYTHING_LLM, ("Be brief.", "Hm.", "m")),
}
"""Tables, and of each the instructions of its conversation, and the thoughts and the model of its answer."""


def written(path: Path, tables: Tables) -> bytes:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table, rows in tables.items():
            columns = {column: type(value) is int for row in rows for column, value in row.items()}
            typed = (f"{column} INTEGER" if is_number else column for column, is_number in columns.items())
            connection.execute(f"CREATE TABLE {table} ({', '.join(typed)})")
            for row in rows:
                marks = ", ".join("?" for _ in columns)
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", [row.get(column) for column in columns])
    return path.read_bytes()


def found(path: Path) -> list[Any]:
    return [*ExportReader(ImportBudget(), Fingerprints()).file(path)]


@pytest.mark.parametrize("program", DATABASES)
def test_conversations_of_a_database_come_along(tmp_path: Path, program: str) -> None:
    tables, told = DATABASES[program]
    written(tmp_path / "a.db", tables)
    theirs = found(tmp_path / "a.db")[0].conversation
    answer = theirs.messages[-1]
    assert (theirs.source, theirs.title) == (program, "T")
    assert [(it.role, it.content) for it in theirs.messages] == [("user", "Why?"), ("assistant", "So.")]
    assert (theirs.system, answer.reasoning, answer.model) == told


def test_files_and_the_time_of_thoughts_of_ollama_come_along(tmp_path: Path) -> None:
    sizes = {1: (3, 4), 3: (MAX_ELEMENT_CHARS - 5, 4, MAX_ELEMENT_CHARS + 5)}
    files = [
        {"message_id": message_id, "filename": f"{size}.txt", "data": b"x" * size}
        for message_id, held in sizes.items()
        for size in held
    ]
    written(tmp_path / "a.db", {**OLLAMA, "attachments": files})
    question, answer = (theirs := found(tmp_path / "a.db")[0].conversation).messages
    assert question.content == "(file: 3.txt)\n\n(file: 4.txt)\n\nWhy?"
    assert [bool(file.content_id) for file in (*question.attachments, *answer.attachments)] == [True] * 2 + [False] * 3
    assert answer.turn.thinking_ms == 2500
    assert theirs.left_out == {TOOL: 1, ATTACHMENT: 5}


def test_chats_of_two_machines_that_have_the_same_number_lose_nothing(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    other = {**OTERM, "message": [{**row, "text": f"{row['text']} Again"} for row in OTERM["message"]]}
    for name, tables in (("a", OTERM), ("b", other)):
        bring(written(tmp_path / name, tables))
    assert len(store.conversations.page(owner="ada").items) == 2


def test_a_conversation_that_is_too_large_costs_no_other(tmp_path: Path) -> None:
    row = {"chat_id": 2, "role": "user", "timestamp": WHEN}
    large = [{**row, "id": number, "content": "x" * (MAX_ELEMENT_CHARS // 4)} for number in range(5, 10)]
    chats = [*ELIA["chat"], {**ELIA["chat"][0], "id": 2, "title": "Large", "started_at": "2026-05-28 20:26:41"}]
    written(tmp_path / "a.db", {"chat": chats, "message": [*ELIA["message"], *large]})
    kept, rest = found(tmp_path / "a.db")
    assert [it.content for it in kept.conversation.messages] == ["Why?", "So."]
    assert rest == Unreadable("Large", "it is larger than 32 MiB")


_LARGE = f"hex(zeroblob({MAX_ELEMENT_CHARS // 2 + 1}))"
_WITH_A_LARGE_FIELD = {
    "old": (LLM_TABLES, f"INSERT INTO responses (id, response, conversation_id) VALUES ('r0', {_LARGE}, 'large')"),
    "new": (
        LLM_036_TABLES,
        "INSERT INTO messages (hash, role) VALUES ('q0', 'user')",
        f"INSERT INTO parts (message_hash, position, type, text) VALUES ('q0', 0, 'text', {_LARGE})",
        "INSERT INTO threads (id, tip_message_hash, datetime_utc) VALUES ('large', 'q0', '2026-01-01')",
    ),
    "elia": (
        ELIA_SCRIPT.replace("VALUES (2, 'T'", "VALUES (1, 'large', '2026-01-01'), (2, 'T'"),
        f"INSERT INTO message (chat_id, content) VALUES (1, {_LARGE})",
    ),
}


@pytest.mark.parametrize("kind", _WITH_A_LARGE_FIELD)
def test_a_field_that_is_too_large_costs_no_other_conversation(tmp_path: Path, kind: str) -> None:
    write_database(tmp_path / "a.db", *_WITH_A_LARGE_FIELD[kind])
    rest, kept = found(tmp_path / "a.db")
    assert (rest.what, rest.why.startswith("it is ")) == ("large", True)
    assert kept.conversation.messages


@pytest.mark.parametrize(
    ("page", "what"), [(0, "that cannot be read"), (1, "whose tables are not those of goose")], ids=["schema", "table"]
)
def test_a_database_that_is_damaged_is_named_as_far_as_it_is_known(tmp_path: Path, page: int, what: str) -> None:
    content = bytearray(written(tmp_path / "a.db", GOOSE))
    start = max(page * 4096, 100)  # behind the head
    content[start : (page + 1) * 4096] = bytes((page + 1) * 4096 - start)
    (tmp_path / "a.db").write_bytes(content)
    (piece,) = found(tmp_path / "a.db")
    assert piece.why.startswith(f"it is a database {what} (")


def test_a_message_that_is_named_very_often_is_read_no_oftener_than_fits(tmp_path: Path) -> None:
    heads = [{"bubbleId": "1", "type": 1}] * 40
    rows = [{"key": "composerData:often", "value": text(name="Often", fullConversationHeadersOnly=heads)}]
    rows.append({"key": "bubbleId:often:1", "value": text(text="x" * (MAX_ELEMENT_CHARS // 32))})
    written(tmp_path / "a.db", {"cursorDiskKV": [*CURSOR["cursorDiskKV"], *rows]})
    kept, _, rest = found(tmp_path / "a.db")
    assert [it.content for it in kept.conversation.messages] == ["Why?", "So."]
    assert rest == Unreadable("Often", "it is larger than 32 MiB")


def test_what_a_program_has_not_put_into_its_database_yet_comes_along(tmp_path: Path) -> None:
    """opencode 1.18.33 leaves all of it in the log, also when it has ended."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as program:
        program.execute("PRAGMA journal_mode = WAL")
        program.executescript(ELIA_SCRIPT)
        content, log = ((tmp_path / name).read_bytes() for name in ("a.db", "a.db-wal"))
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "a.db").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("a.db", content)
        archive.writestr("a.db-wal", log)
    (alone,), (whole,) = found(tmp_path / "alone" / "a.db"), found(tmp_path / "both.zip")
    assert alone.why == "it is a database of which all is in the file beside it (-wal)"
    assert [it.content for it in whole.conversation.messages] == ["Why?", "So."]
    assert [*tmp_path.glob("import-*")] == []


@pytest.mark.parametrize("program", DATABASES)
def test_no_value_of_another_kind_ends_the_reading_of_a_database(tmp_path: Path, program: str) -> None:
    tables, _ = DATABASES[program]
    for table, rows in tables.items():
        for column in rows[0]:
            for number, odd in enumerate([None, b"\xff", "[1]"]):
                path = tmp_path / f"{table} {column} {number}.db"
                written(path, {**tables, table: [{**rows[0], column: odd}, *rows[1:]]})
                assert not any(isinstance(piece, Unreadable | Unknown) for piece in found(path))
