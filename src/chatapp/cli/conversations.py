"""`chatapp list`, `find`, `show`, `delete`, `archive` and `pin`: the conversations that are kept, in a terminal."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Literal

import typer

from chatapp.cli.backends import with_backend
from chatapp.cli.shell_chat import NO_TITLE, SHORT_ID_CHARS, conversations_named, full_id, last_conversation
from chatapp.cli.terminal import PlainAnswer, columns_of, fitted, is_terminal, printable
from chatapp.cli.writing import answer_writer, cited_line, first_code, note, require_one_form, write_resource
from chatapp.client import BackendClient
from chatapp.errors import NotFoundError, SettingsError
from chatapp.protocol.resources import ConversationInfo, MessageInfo, SnippetInfo

NOTHING_FOUND = 1
_PIPE_COLUMNS = 10_000
_SOURCE_COLUMNS = 24
_NOT_COMPLETE = {"stopped": "stopped", "incomplete": "cut off", "failed": "failed", "interrupted": "cut off"}


def list_conversations(
    *, state: str | None, project: str | None, limit: int, as_json: bool, backend_url: str | None
) -> None:
    """Print conversations, pinned ones first, then the one last talked in; `state` is archived or deleted."""
    items, has_more = _fetched(backend_url, limit, state=state, project=project)
    if as_json:
        write_resource({"conversations": items, "has_more": has_more})
        return
    for item in items:
        typer.echo(_row(item))
    if not items:
        note("There is no conversation yet." if state is None else f"No conversation is {state}.")
    elif has_more:
        note("There are more: --limit N, or find some with: chatapp find WORDS")


def find_conversations(words: str, *, limit: int, as_json: bool, backend_url: str | None) -> int:
    """Print the conversations in which `words` were said, the latest first, and return the exit code.

    Raises:
        SettingsError: there are no words.
    """
    if not words.strip():
        raise SettingsError("There is nothing to look for.", hint="Name words: chatapp find rainbow")
    items, has_more = _fetched(backend_url, limit, query=words)
    if as_json:
        write_resource({"conversations": items, "has_more": has_more})
    else:
        for item in items:
            typer.echo(_row(item))
            typer.echo(_snippet(item.snippet or ()))
    if not items:
        note(f"No conversation has these words: {words}")
    return 0 if items else NOTHING_FOUND


def show_conversation(
    beginning: str | None, *, is_extracted: bool = False, as_json: bool, backend_url: str | None
) -> None:
    """Print the branch on show of a conversation, of the one last talked in where `beginning` names none.

    Where it `is_extracted`, only the first block of code of the last answer, or all of that where it has none.

    Raises:
        NotFoundError: it is not there, or its answer that is wanted.
    """
    require_one_form(is_extracted=is_extracted, as_json=as_json)

    def fetch(backend: BackendClient) -> tuple[ConversationInfo, list[MessageInfo]]:
        found = (
            backend.conversations.get(full_id(backend, beginning))
            if beginning is not None
            else last_conversation(backend)
        )
        return found, [*backend.conversations.back(found.id)][::-1]

    conversation, messages = with_backend(fetch, backend_url, asks=False)
    if as_json:
        write_resource({**conversation._asdict(), "messages": messages})
        return
    if is_extracted:
        _print_code(messages)
        return
    typer.secho(printable(conversation.title or NO_TITLE), bold=True)
    for message in messages:
        _print_message(message)


def _print_code(messages: Sequence[MessageInfo]) -> None:
    answer = next((message.content for message in reversed(messages) if message.role == "assistant"), None)
    if answer is None:
        raise NotFoundError("Nothing was answered in this conversation.")
    with closing(PlainAnswer()) as writer:
        writer.add(first_code(answer))


def delete_conversations(beginnings: Sequence[str], *, is_undone: bool, as_json: bool, backend_url: str | None) -> None:
    """Delete the conversations whose ids begin so, or restore them; nothing happens unless all of them are there.

    Raises:
        SettingsError: none is named, or not clearly.
        NotFoundError: one is not there.
    """
    _require_named(beginnings)

    def change(backend: BackendClient) -> list[ConversationInfo]:
        if is_undone:
            ids = [full_id(backend, beginning, state="deleted") for beginning in beginnings]
            return [backend.conversations.restore(id_) for id_ in ids]
        found = conversations_named(backend, beginnings)
        for item in found:
            backend.conversations.delete(item.id)
        return found

    changed = with_backend(change, backend_url, asks=False)
    _tell_changed(changed, "Restored" if is_undone else "Deleted", None if is_undone else "delete", as_json=as_json)


def mark_conversations(
    beginnings: Sequence[str],
    *,
    mark: Literal["archived", "pinned"],
    is_undone: bool,
    as_json: bool,
    backend_url: str | None,
) -> None:
    """Mark the conversations whose ids begin so, or unmark them; nothing happens unless all of them are there.

    Raises:
        SettingsError: none is named, or not clearly.
        NotFoundError: one is not there.
    """
    _require_named(beginnings)

    def change(backend: BackendClient) -> list[ConversationInfo]:
        state = "archived" if mark == "archived" and is_undone else None
        found = conversations_named(backend, beginnings, state=state)
        return [backend.conversations.change(item.id, **{mark: not is_undone}) for item in found]

    changed = with_backend(change, backend_url, asks=False)
    command = "archive" if mark == "archived" else "pin"
    said = f"No longer {mark}" if is_undone else mark.capitalize()
    _tell_changed(changed, said, None if is_undone else command, as_json=as_json)


def _tell_changed(changed: Sequence[ConversationInfo], said: str, command: str | None, *, as_json: bool) -> None:
    """Tell what has become of each, and how the `command` takes it back."""
    if as_json:
        write_resource({"conversations": changed, "has_more": False})
        return
    for item in changed:
        title = item.title or NO_TITLE
        end = "" if title.endswith((".", "?", "!")) else "."
        undo = f"{end} Take it back with: chatapp {command} --undo {item.id[:SHORT_ID_CHARS]}" if command else ""
        note(f"{said}: {title}{undo}")


def _require_named(beginnings: Sequence[str]) -> None:
    if not beginnings:
        raise SettingsError("No conversation is named.", hint="List them with: chatapp list")


def _fetched(backend_url: str | None, limit: int, **which: str | None) -> tuple[list[ConversationInfo], bool]:
    """Return the first `limit` conversations, and whether there are more."""

    def fetch(backend: BackendClient) -> tuple[list[ConversationInfo], bool]:
        if which.get("project"):
            from chatapp.cli.projects import project_named  # most lists are of all

            which["project"] = project_named(backend, str(which["project"])).id
        return backend.conversations.first(limit, **which)

    return with_backend(fetch, backend_url, asks=False)


def _row(item: ConversationInfo) -> str:
    """Return a line on a conversation, as long as the terminal is wide."""
    lead = f"{item.id[:SHORT_ID_CHARS]}  {_when(item.updated_at)}  "
    title = f"{'* ' if item.pinned else ''}{item.title or NO_TITLE}"
    source = item.client or item.source
    tail = fitted(f"  via {' '.join(source.split())}", _SOURCE_COLUMNS) if source else ""
    return lead + fitted(" ".join(title.split()), _columns() - len(lead) - columns_of(tail)) + tail


def _snippet(parts: Sequence[SnippetInfo]) -> str:
    """Return the words around what was found, what was looked for marked."""
    shown = [(" ".join(part.text.split(" ")).replace("\n", " "), part.is_match) for part in parts]
    return "    " + "".join(typer.style(printable(text), bold=is_match) for text, is_match in _cut(shown))


def _cut(parts: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    left = _columns() - 4
    for text, is_match in parts:
        shown = fitted(text, left)
        yield shown, is_match
        left -= columns_of(shown)
        if left <= 1:
            return


def _columns() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_COLUMNS


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _print_message(message: MessageInfo) -> None:
    """Print who said it and when, and the words: an answer on a terminal as Markdown, anything else as it is."""
    name = "You" if message.role == "user" else message.model or message.role
    end = _NOT_COMPLETE.get(message.status)
    head = " · ".join(filter(None, (name, _when(message.created_at), end)))
    typer.echo()
    typer.secho(printable(head), fg="cyan" if message.role == "user" else "green")
    writer = answer_writer() if message.role == "assistant" and is_terminal() else PlainAnswer()
    if message.content:
        writer.add(message.content)
        writer.close()
    for beside in _beside(message):
        typer.secho(printable(beside), dim=True)


def _beside(message: MessageInfo) -> Iterator[str]:
    """Return what is known of a message beside its words: sources, notices, why it failed, others, a summary."""
    cited = [part for part in message.parts if part.type == "citation"]
    yield from (cited_line(number, part.url, part.title) for number, part in enumerate(cited, 1))
    yield from (notice.text for notice in message.notices)
    if message.error:
        yield message.error.sentence()
    if message.role == "assistant" and (others := len(message.siblings) - 1) > 0:
        yield f"{others} other {'answer' if others == 1 else 'answers'} to this question: see the page."
    if message.summary:
        yield f"Summary of {message.summarised} earlier messages: {message.summary}"
