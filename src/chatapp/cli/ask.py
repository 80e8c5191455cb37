"""`chatapp ask`: one question from the shell, its answer on stdout and everything else on stderr."""

import sys
from contextlib import closing

from chatapp.cli.connection import connect, temporary_backend
from chatapp.cli.conversation import Conversation, Options, last_conversation
from chatapp.cli.terminal import StatusLine
from chatapp.cli.writing import write_json, write_text
from chatapp.client import BackendClient
from chatapp.errors import BackendUnreachableError, SettingsError

MAX_STDIN_BYTES = 64 * 1024 * 1024
"""More than any backend accepts, and less than what a runaway pipe could fill the memory with."""


def run(
    question: str | None,
    *,
    options: Options,
    backend_url: str | None,
    conversation_id: str | None,
    is_continued: bool,
    is_kept: bool,
    is_streamed: bool,
    as_json: bool,
) -> None:
    """Ask the backend that is configured, or else the one that runs here, or else one of our own for this question."""
    _require_one_conversation(conversation_id, is_continued=is_continued, is_kept=is_kept)
    prompt = _prompt(question)
    status = StatusLine()
    write = write_json if as_json else write_text

    def ask(backend: BackendClient) -> None:
        chosen = last_conversation(backend)["id"] if is_continued else conversation_id
        conversation = Conversation(backend, conversation_id=chosen, is_kept=is_kept, is_streamed=is_streamed)
        with closing(conversation.ask(prompt, options)) as events:
            write(events, status)

    try:
        with connect(backend_url) as backend:
            ask(backend)
    except BackendUnreachableError:
        if backend_url is not None:
            raise
        status.show("No backend is running; starting one for this question …")
        with temporary_backend(on_line=status.show) as backend:
            ask(backend)
    finally:
        status.clear()


def _require_one_conversation(conversation_id: str | None, *, is_continued: bool, is_kept: bool) -> None:
    if is_continued and conversation_id is not None:
        raise SettingsError("--continue and --conversation each name a conversation.", hint="Use one of them.")
    if not is_kept and (is_continued or conversation_id is not None):
        raise SettingsError(
            "--no-store asks outside of all conversations.", hint="Leave it out, or --continue and --conversation."
        )


def _prompt(question: str | None) -> str:
    """Give the question, and what is piped in below it."""
    prompt = "\n\n".join(part for part in (question, _piped_in()) if part and part.strip())
    if not prompt:
        raise SettingsError("There is no question.", hint='Ask one: chatapp ask "What is Python?"')
    return prompt


def _piped_in() -> str | None:
    if sys.stdin is None or sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read(MAX_STDIN_BYTES).decode("utf-8-sig", errors="replace")
