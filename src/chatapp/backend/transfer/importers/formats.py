"""The formats that are known: those that can be read, and those that can only be named."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.store.placing import OURS
from chatapp.backend.transfer.importers import (
    chatgpt,
    claude,
    copilot,
    deepseek,
    grok,
    librechat,
    lm_studio,
    open_webui,
    ours,
    perplexity,
    programs,
    thoughts,
)
from chatapp.backend.transfer.importers.fields import Json, mapping, objects
from chatapp.backend.transfer.importers.joining import joined
from chatapp.errors import InvalidRequestError

VERSION = "9"
"""Of all readers together: what an earlier one read is read again by a later one."""

SOURCES = (deepseek, chatgpt, claude, open_webui, grok, lm_studio, librechat, perplexity, ours, programs)
KNOWN = (
    "aider, AI Studio, AnythingLLM, big-AGI, Chatbot UI, Chatbox, ChatGPT, Cherry Studio, Claude, Claude Code, "
    "Cline, Codex, Continue, Copilot (CLI; CSV; VS Code), crush, Cursor, DeepSeek, elia, Gemini (Takeout), Gemini CLI, "
    "goose, gptme, Grok, HuggingChat, Jan, Le Chat, LibreChat, llama.cpp, LM Studio, LobeChat, NextChat, Ollama, "
    "opencode, Open WebUI, oterm, Perplexity, pi, Qwen Chat, Qwen Code, shell-gpt, SillyTavern, "
    "text-generation-webui, TypingMind, llm (logs.db) and chatapp itself"
)

_Test = Callable[[Json], bool]

_OTHERS: tuple[tuple[str, _Test], ...] = (
    ("a session of Qwen Code, not a chat", lambda fields: {"sessionId", "parentUuid"} <= fields.keys()),
    (
        "Claude Code's list of prompts: its sessions are in ~/.claude/projects",
        lambda fields: {"display", "pastedContents"} <= fields.keys(),
    ),
    (
        "Codex's list of prompts: its sessions are in ~/.codex/sessions",
        lambda fields: {"session_id", "ts"} <= fields.keys(),
    ),
    ("what Codex prints: its sessions are in ~/.codex/sessions", lambda fields: {"type", "thread_id"} == fields.keys()),
    ("a session of an early Codex, not a chat", lambda fields: {"id", "timestamp", "instructions"} <= fields.keys()),
    ("a list of Claude's projects", lambda fields: "prompt_template" in fields or "is_starter_project" in fields),
    ("Claude's memories", lambda fields: "conversations_memory" in fields),
    ("Claude's account", lambda fields: {"uuid", "full_name", "email_address"} <= fields.keys()),
    ("a list of the files of a Claude export, not the files themselves", lambda fields: "data_files" in fields),
    ("a list of the files of a ChatGPT export, not the files themselves", lambda fields: "logical_files" in fields),
    ("ChatGPT's list of shared links", lambda fields: {"conversation_id", "is_anonymous"} <= fields.keys()),
    ("ChatGPT's group chats, whose form is not known", lambda fields: bool(fields.get("chats"))),
    ("a canvas of ChatGPT, whose text is in its conversation", lambda fields: "textdoc_type" in fields),
    (
        "a design chat of Claude",
        lambda fields: any("contentBlocks" in mapping(m.get("content")) for m in _said(fields)),
    ),
    ("a backup of Cherry Studio", lambda fields: {"indexedDB", "localStorage"} <= fields.keys()),
    ("a backup of Chatbox", lambda fields: any(name.startswith("session:") for name in fields)),
    ("a thread of Jan", lambda fields: fields.get("object") in ("thread", "thread.message")),
    (
        "a chat of SillyTavern in which nothing was said",
        lambda fields: {"user_name", "character_name"} <= fields.keys() or "is_user" in fields,
    ),
    (
        "training data, not an export (ShareGPT)",
        lambda fields: any(
            {"from", "value"} <= said.keys() for said in (fields, *objects(fields.get("conversations")))
        ),
    ),
    ("chats of Character.AI, which are not read", lambda fields: "histories" in mapping(fields.get("histories"))),
    ("an answer of Perplexity without its thread", lambda fields: {"uuid", "query", "answer"} <= fields.keys()),
    ("an export of Chatbot UI", lambda fields: {"version", "history"} <= fields.keys()),
    ("an export of TypingMind", lambda fields: "chats" in mapping(fields.get("data"))),
    ("messages without a conversation", lambda fields: {"role", "content"} <= fields.keys()),
    ("training data, not an export (OpenAI JSONL)", programs.is_for_training),
)
_DATABASES = (
    ({"chat", "user", "auth"}, "Open WebUI's own database: export the chats there, as JSON"),
    ({"threads", "steps", "elements"}, "a database of Chainlit"),
    ({"conversations", "turns", "messages"}, "chatapp's own database: export the conversations there"),
)
_WEB_PAGE = (
    "a web page: ChatGPT's chat.html has a conversations.json beside it in its zip, and of Google Takeout's "
    "those of Gemini are read"
)
_BEGINNINGS = (
    (b"# aider chat started at", "a history of aider in which nothing was asked"),
    (b"<?xml", "XML"),
    (b"<", _WEB_PAGE),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a recording"),
    (b"ID3", "a recording"),
    (b"{\\rtf", "a text with its form (RTF)"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"PK", "a zip that is damaged, or a part of one"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"BZh", "packed by bzip2: unpack it first"),
    (b"\xfd7zXZ", "packed by xz: unpack it first"),
    (b"(\xb5/\xfd", "packed by zstd: unpack it first"),
)
_OURS = "what chatapp has written for people: import its zip, or its JSON"
_OUR_PAGE = b"content=\"default-src 'none'; style-src 'sha256-"
_OUR_MESSAGE = re.compile(rb"\n## [^\n]*+(?<=[0-9]:[0-9][0-9] UTC)\n")
_IN_ZIPS = (
    ("[content_types].xml", "a document of an office program"),
    ("mimetype", "a document of an office program, or a book"),
    (".zip", "a zip of zips: unpack it, and import each of those by itself"),
    (".json.gz", "a zip of packed files: unpack it, and import each of those by itself"),
    (".html", _WEB_PAGE),
    ("", "a zip without JSON or a database in it"),
)


def source_of(fields: Json) -> ModuleType | None:
    """Return the reader of a conversation, None where nobody knows it."""
    return next((source for source in SOURCES if source.recognises(fields)), None)


def read(source: ModuleType, fields: Json) -> ImportedConversation:
    """Return a conversation as we have them.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError: it is none of theirs.
    """
    theirs: ImportedConversation = source.read(fields)
    return theirs if theirs.source == OURS else finished(theirs)


def finished(theirs: ImportedConversation) -> ImportedConversation:
    """Return a conversation of another program as ours are: its title one line, thoughts apart, one side at a time."""
    title = " ".join((theirs.title or "").split()) or None
    return joined(replace(theirs, title=title, messages=[thoughts.apart(message) for message in theirs.messages]))


def name_of(fields: Json) -> str | None:
    """Return what a value is that cannot be read."""
    return programs.name_of(fields) or next((what for what, is_it in _OTHERS if is_it(fields)), None)


def name_of_database(tables: set[str]) -> str:
    """Return what a database is that is of no program that is read."""
    return next(
        (what for names, what in _DATABASES if names <= tables),
        "a database, but no log of llm, nor of another program that is read",
    )


def name_of_beginning(head: bytes) -> str | None:
    """Return what a file is that begins like this."""
    if head[4:8] == b"ftyp":
        return "a picture or a recording"
    if head[257:262] == b"ustar":
        return "a tar archive: make a zip of what is in it"
    if copilot.begins(head):
        return "the table that Microsoft Copilot exports, in which nothing is said"
    head = head.removeprefix(BOM_UTF8).lstrip()
    if _OUR_PAGE in head or (head.startswith(b"# ") and _OUR_MESSAGE.search(head)):
        return _OURS
    return next((what for beginning, what in _BEGINNINGS if head.startswith(beginning)), None)


def name_of_zip(names: list[str]) -> str:
    """Return what a zip is that has nothing in it that could be read."""
    lowered = [name.lower() for name in names]
    return next((what for end, what in _IN_ZIPS if any(name.endswith(end) for name in lowered)), "an empty zip")


def not_known(why: str | None) -> InvalidRequestError:
    """Return the error for a file in which nothing is known, with what it is or what is wrong with it."""
    reason = f": {why}" if why else ""
    return InvalidRequestError(f"The file is no export that can be read{reason}.", hint=f"Known are those of {KNOWN}.")


def _said(fields: Json) -> list[Json]:
    return objects(fields.get("messages"))
