"""`chatapp ask`: one question from the shell, its answer on stdout and everything else on stderr."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

import typer

from chatapp.cli.connection import connect, temporary_backend
from chatapp.cli.terminal import PlainAnswer, StatusLine, is_terminal, printable
from chatapp.client import BackendClient
from chatapp.errors import BackendUnreachableError, SettingsError
from chatapp.events import Answer, Done, Event, Notice, Reasoning, Start, Text

MAX_STDIN_BYTES = 64 * 1024 * 1024
"""More than any backend accepts, and less than what a runaway pipe could fill the memory with."""


def run(
    question: str | None,
    *,
    options: Mapping[str, Any],
    backend_url: str | None,
    is_streamed: bool,
    as_json: bool,
) -> None:
    """Ask the backend that is configured, or else the one that runs here, or else one of our own for this question."""
    prompt = _prompt(question)
    status = StatusLine()
    events = _events_of_stream if is_streamed else _events_of_whole
    write = _write_json if as_json else _write_text
    try:
        with connect(backend_url) as backend:
            write(events(backend, prompt, options), status)
    except BackendUnreachableError:
        if backend_url is not None:
            raise
        status.show("No backend is running; starting one for this question …")
        with temporary_backend(on_line=status.show) as backend:
            write(events(backend, prompt, options), status)
    finally:
        status.clear()


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


def _events_of_stream(backend: BackendClient, prompt: str, options: Mapping[str, Any]) -> Iterator[Event]:
    with backend.stream(prompt, **options) as events:
        yield from events


def _events_of_whole(backend: BackendClient, prompt: str, options: Mapping[str, Any]) -> Iterator[Event]:
    answer = backend.ask(prompt, **options)
    yield Start(turn_id=answer.turn_id or "", model=answer.model, conversation_id=answer.conversation_id)
    yield Text(answer.answer)
    yield Done(finish_reason=answer.finish_reason, usage=answer.usage, latency_ms=answer.latency_ms or 0)


def _write_json(events: Iterable[Event], status: StatusLine) -> None:
    answer = Answer(model="", answer="")
    texts: list[str] = []
    for event in events:
        if isinstance(event, Start):
            answer = replace(answer, turn_id=event.turn_id, model=event.model, conversation_id=event.conversation_id)
        elif isinstance(event, Text):
            texts.append(event.text)
        elif isinstance(event, Done):
            answer = replace(answer, finish_reason=event.finish_reason, usage=event.usage, latency_ms=event.latency_ms)
    status.clear()
    typer.echo(json.dumps(asdict(replace(answer, answer="".join(texts))), ensure_ascii=False))


class _AnswerWriter(Protocol):
    def add(self, text: str) -> None: ...

    def close(self) -> None: ...


def _write_text(events: Iterable[Event], status: StatusLine) -> None:
    """Write the answer as it comes. Remarks follow it: they would tear apart what is being drawn."""
    remarks: list[str] = []
    model = ""
    writer: _AnswerWriter | None = None
    try:
        for event in events:
            if isinstance(event, Start):
                model = event.model
                status.show(f"{model} …")
                writer = _writer()
            elif isinstance(event, Reasoning):
                status.show(f"{model} is thinking …")
            elif isinstance(event, Text) and writer is not None:
                status.clear()
                writer.add(event.text)
            elif isinstance(event, Notice):
                remarks.append(event.text)
            elif isinstance(event, Done):
                remarks.extend(_remarks_on(model, event))
    finally:
        status.clear()
        if writer is not None:
            writer.close()
        for remark in remarks:
            typer.secho(printable(remark), err=True, dim=True)


def _remarks_on(model: str, done: Done) -> Iterator[str]:
    if done.finish_reason == "length":
        yield "The answer ends here because it reached the longest length allowed."
    if sys.stderr.isatty():
        yield f"{model} · {done.latency_ms / 1000:.1f} s"


def _writer() -> _AnswerWriter:
    if not is_terminal():
        return PlainAnswer()
    from chatapp.cli.markdown import MarkdownAnswer  # noqa: PLC0415 - Rich, only where there is something to draw on

    return MarkdownAnswer()
