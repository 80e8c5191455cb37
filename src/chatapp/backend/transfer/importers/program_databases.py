"""Databases in which programs keep conversations: AnythingLLM, crush, Cursor, elia, goose, Ollama, opencode and oterm.

Those of elia 1.10, opencode 1.18 and oterm 0.26 are as these write them, of the others as their sources or readers of
theirs have it.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatapp.backend.store.imported import ImportedConversation, Unreadable
from chatapp.backend.transfer.importers.assets import of_bytes
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import (
    Json,
    decoded,
    mapping,
    milliseconds_between,
    objects,
    sequence,
    string,
)
from chatapp.backend.transfer.importers.llm_rows import MAX_ROWS, Tables, columns, short_bytes, text
from chatapp.backend.transfer.importers.messages import named
from chatapp.backend.transfer.importers.programs import conversation

Session = tuple[Json, Iterator[Json]]
"""What is known of a conversation, and its messages."""

_ASKED = "1"
_ASKED_IN = ("workspaceId", "thread_id", "user_id", "api_session_id")
_THOUGHT = ("thinking_time_start", "thinking_time_end")
_COMPOSER, _BUBBLE = "composerData:", "bubbleId:"


class _Database(NamedTuple):
    log: sqlite3.Connection
    tables: Tables

    def rows(self, table: str, wanted: tuple[str, ...], **keys: object) -> Iterator[Json]:
        """Return the rows of a table with these `keys`, as they were written; what is not told is "".

        Where there is no such table there are none.

        Raises:
            ValueError: they are too large together.
        """
        if table not in self.tables:
            return
        where = " AND ".join(f"{key} IS ?" for key in keys) or "TRUE"
        selected = f"SELECT {columns(wanted, self.tables[table])} FROM {table}"  # noqa: S608
        size = 0
        for row in self.log.execute(f"{selected} WHERE {where} ORDER BY rowid LIMIT {MAX_ROWS}", [*keys.values()]):
            size += sum(len(field) for field in row if isinstance(field, str | bytes))
            if size > MAX_ELEMENT_CHARS:
                raise _too_large()
            yield {column: text(field) for column, field in zip(wanted, row, strict=True)}


def _too_large() -> ValueError:
    return ValueError(f"it is larger than {MAX_ELEMENT_CHARS // 1024**2} MiB")


class KnownDatabase(NamedTuple):
    """A program: the tables by which its database is known, and what is in them."""

    source: str
    tables: dict[str, set[str]]
    sessions: Callable[[_Database], Iterator[Session]]


def _crush(database: _Database) -> Iterator[Session]:
    """Return the sessions that a user has begun: others are of agents that one has called."""
    for session in database.rows("sessions", ("id", "title", "created_at", "updated_at", "parent_session_id")):
        if not session.get("parent_session_id"):
            wanted = ("id", "role", "parts", "model", "created_at")
            told = database.rows("messages", wanted, session_id=session["id"])
            yield session, ({**said, "parts": _crush_parts(said)} for said in told)


def _crush_parts(said: Json) -> list[Json]:
    return [{**mapping(part.get("data")), "type": part.get("type")} for part in objects(decoded(said.get("parts")))]


def _cursor(database: _Database) -> Iterator[Session]:
    query = "SELECT key FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;' AND length(key) < 200"
    for (key,) in database.log.execute(query).fetchall():
        about = mapping(decoded(_written(database, text(key))))
        told_in = objects(about.get("fullConversationHeadersOnly")) or objects(about.get("conversation"))
        times = {"created": about.get("createdAt"), "updated": about.get("lastUpdatedAt")}
        composer = text(key).removeprefix(_COMPOSER)
        yield {"id": composer, "title": about.get("name"), **times}, _bubbles(database, composer, told_in)


def _bubbles(database: _Database, composer: str, heads: list[Json]) -> Iterator[Json]:
    """Return the messages that a conversation names.

    Raises:
        ValueError: they are too large together: one may be named any number of times.
    """
    size = 0
    for head in heads:
        written = "" if "text" in head else _written(database, f"{_BUBBLE}{composer}:{head.get('bubbleId')}")
        size += len(written)
        if size > MAX_ELEMENT_CHARS:
            raise _too_large()
        yield _message(head, mapping(decoded(written)) if written else head)


def _message(head: Json, bubble: Json) -> Json:
    return {
        "id": head.get("bubbleId"),
        "role": "user" if text(head.get("type")) == _ASKED else "assistant",
        "content": bubble.get("text"),
        "reasoning": mapping(bubble.get("thinking")).get("text"),
        "model": mapping(bubble.get("modelInfo")).get("modelName"),
        "created": bubble.get("createdAt"),
        "toolCalls": [{}] if bubble.get("toolFormerData") else [],
    }


def _written(database: _Database, key: str) -> str:
    return next((row["value"] for row in database.rows("cursorDiskKV", ("value",), key=key)), "")


def _elia(database: _Database) -> Iterator[Session]:
    """Return the chats, which are named by when they were begun: their numbers are those of one machine."""
    for chat in database.rows("chat", ("id", "title", "started_at")):
        wanted = ("id", "role", "content", "timestamp", "model")
        about = {"id": chat["started_at"], "title": chat.get("title"), "created": chat["started_at"]}
        yield about, database.rows("message", wanted, chat_id=chat["id"])


def _goose(database: _Database) -> Iterator[Session]:
    """Return the sessions, without what goose tells its model in the user's place."""
    for session in database.rows("sessions", ("id", "name", "description", "created_at", "updated_at")):
        wanted = ("id", "message_id", "role", "content_json", "created_timestamp", "metadata_json")
        told = (
            {**said, "content": decoded(said.get("content_json")), "created": said.get("created_timestamp")}
            for said in database.rows("messages", wanted, session_id=session["id"])
            if mapping(decoded(said.get("metadata_json"))).get("userVisible") is not False
        )
        title = session.get("name") or session.get("description")
        yield {"id": session["id"], "title": title, "created": session.get("created_at")}, told


def _opencode(database: _Database) -> Iterator[Session]:
    """Return the sessions as `opencode export` does."""
    for session in database.rows("session", ("id", "title", "time_created", "time_updated", "parent_id")):
        if not session.get("parent_id"):
            times = {"created": session.get("time_created"), "updated": session.get("time_updated")}
            yield {**session, **times}, _opencode_messages(database, session["id"])


def _opencode_messages(database: _Database, session_id: str) -> Iterator[Json]:
    parts: dict[str, list[Json]] = {}
    for part in database.rows("part", ("message_id", "data"), session_id=session_id):
        parts.setdefault(part["message_id"], []).append(mapping(decoded(part["data"])))
    for said in database.rows("message", ("id", "data"), session_id=session_id):
        yield {"info": {**mapping(decoded(said["data"])), "id": said["id"]}, "parts": parts.get(said["id"], [])}


def _oterm(database: _Database) -> Iterator[Session]:
    """Return the chats, which are named by what is said in them: their numbers are those of one machine."""
    for chat in database.rows("chat", ("id", "name", "system", "model")):
        rows = database.rows("message", ("author", "text", "images"), chat_id=chat["id"])
        about = {"title": chat.get("name"), "systemPrompt": chat.get("system"), "model": chat.get("model")}
        told = [*named(_oterm_message(said, about) for said in rows)]
        yield {**about, "id": f"{chat['id']} {told[0]['id']}" if told else chat["id"]}, iter(told)


def _oterm_message(said: Json, about: Json) -> Json:
    held = sequence(decoded(said.get("images")))
    files = [{"mime": "image/*", "url": f"data:image/png;base64,{string(picture)}"} for picture in held]
    return {"role": said["author"], "content": said["text"], "model": about["model"], "files": files}


def _ollama(database: _Database) -> Iterator[Session]:
    """Return the chats of Ollama's app."""
    wanted = ("id", "role", "content", "thinking", "model_name", "created_at", *_THOUGHT)
    for chat in database.rows("chats", ("id", "title", "created_at")):
        files = _ollama_files(database, chat["id"]) if "attachments" in database.tables else {}
        told = database.rows("messages", wanted, chat_id=chat["id"])
        yield chat, (_ollama_message(database, said, files) for said in told)


def _ollama_files(database: _Database, chat_id: str) -> dict[str, list[Json]]:
    """Return the files that each message of a chat shows; where they are too many, some without their bytes."""
    told = "SELECT id FROM messages WHERE chat_id IS ?"
    query = f"SELECT message_id, filename, {short_bytes('data')} FROM attachments WHERE message_id IN ({told})"  # noqa: S608
    files, size = defaultdict[str, list[Json]](list), 0
    for message_id, file_name, held in database.log.execute(query, (chat_id,)):
        size += len(held or b"")
        url = of_bytes(held) if size < MAX_ELEMENT_CHARS else None
        files[text(message_id)].append({"name": text(file_name), "url": url})
    return files


def _ollama_message(database: _Database, said: Json, files: dict[str, list[Json]]) -> Json:
    calls = [*database.rows("tool_calls", ("function_name",), message_id=said["id"])]
    took = milliseconds_between(*(said[moment] for moment in _THOUGHT))
    shown = {"files": files.get(said["id"], []), "toolCalls": calls}
    return {**said, **shown, "model": said["model_name"], "thought_ms": took}


def _anything_llm(database: _Database) -> Iterator[Session]:
    """Return the threads of AnythingLLM's workspaces, and what was asked beside them, as it shows them."""
    spaces = {it["id"]: it for it in database.rows("workspaces", ("id", "name", "slug", "openAiPrompt", "chatModel"))}
    threads = {it["id"]: it for it in database.rows("workspace_threads", ("id", "name", "slug"))}
    keys = [key for key in _ASKED_IN if key in database.tables["workspace_chats"]]
    columns = ", ".join(keys)
    query = f"SELECT min(createdAt), {columns} FROM workspace_chats GROUP BY {columns} LIMIT {MAX_ROWS}"  # noqa: S608
    for begun, *values in database.log.execute(query):
        found = dict(zip(keys, values, strict=True))
        space, thread = spaces.get(text(found["workspaceId"]), {}), threads.get(text(found.get("thread_id")), {})
        own = " ".join(text(found.get(key)) for key in _ASKED_IN[2:])
        about: Json = {"id": f"{thread.get('slug') or space.get('slug')} {own} {text(begun)}"}
        about |= {"title": thread.get("name") or space.get("name"), "systemPrompt": space.get("openAiPrompt")}
        wanted = ("id", "prompt", "response", "createdAt", "include")
        told = (it for it in database.rows("workspace_chats", wanted, **found) if it["include"] != "0")
        yield about, (it for said in told for it in _question_and_answer(said, string(space.get("chatModel"))))


def _question_and_answer(said: Json, usual_model: str) -> Iterator[Json]:
    answer = mapping(decoded(said["response"]))
    files = [
        {**file, "url": f"data:{file.get('mime')};base64,{string(file.get('contentString')).rpartition(',')[2]}"}
        for file in objects(answer.get("attachments"))
    ]
    metrics = mapping(answer.get("metrics"))
    when = {"created": said["createdAt"]}
    yield {**when, "id": f"{said['id']} asked", "role": "user", "content": said["prompt"], "files": files}
    told = {"role": "assistant", "content": answer.get("text"), "usage": metrics}
    yield {**when, "id": said["id"], **told, "model": metrics.get("model") or usual_model}


_PROGRAMS = (
    KnownDatabase("elia", {"chat": {"id", "started_at"}, "message": {"chat_id", "role", "content"}}, _elia),
    KnownDatabase("oterm", {"chat": {"id", "system"}, "message": {"chat_id", "author", "text"}}, _oterm),
    KnownDatabase("goose", {"sessions": {"id"}, "messages": {"session_id", "role", "content_json"}}, _goose),
    KnownDatabase("crush", {"sessions": {"id", "title"}, "messages": {"session_id", "role", "parts"}}, _crush),
    KnownDatabase(
        "opencode",
        {"session": {"id", "slug"}, "message": {"session_id", "data"}, "part": {"session_id", "message_id", "data"}},
        _opencode,
    ),
    KnownDatabase("cursor", {"cursorDiskKV": {"key", "value"}}, _cursor),
    KnownDatabase("ollama", {"chats": {"id", "title"}, "messages": {"chat_id", "thinking", "model_name"}}, _ollama),
    KnownDatabase(
        "anything-llm",
        {"workspaces": {"id", "slug"}, "workspace_chats": {"workspaceId", "prompt", "response", "createdAt"}},
        _anything_llm,
    ),
)


def program_of(tables: Tables) -> KnownDatabase | None:
    """Return the program whose database has these tables, None where it is of another."""
    fitting = (
        program
        for program in _PROGRAMS
        if all(needed <= tables.get(table, set()) for table, needed in program.tables.items())
    )
    return next(fitting, None)


def conversations(
    program: KnownDatabase, log: sqlite3.Connection, tables: Tables, budget: ImportBudget
) -> Iterator[ImportedConversation | Unreadable]:
    """Return the conversations of a database.

    Raises:
        sqlite3.Error: it is damaged.
        StoppedError: the budget is used up.
    """
    for about, told in program.sessions(_Database(log, tables)):
        budget.check()
        try:
            yield conversation(program.source, about, [*told])
        except (ValueError, sqlite3.DataError) as error:
            why = error if isinstance(error, ValueError) else _too_large()  # SQLite's word for a field that is
            yield Unreadable(string(about.get("title")) or text(about.get("id")), f"{why}")
