"""Writing an answer: its text on stdout as it comes, everything else on stderr."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Protocol

import typer

from chatapp.cli.terminal import PlainAnswer, StatusLine, is_terminal, json_text, printable
from chatapp.errors import BackendUnreachableError, ChatappError
from chatapp.protocol.events import WAS_THOUGHT, Answer, Done, Event, Notice, Reasoning, Start, Text
from chatapp.protocol.usage_line import usage_parts


def write_json(events: Iterable[Event], status: StatusLine) -> None:
    """Write the answer as one JSON object with the fields of `POST /query`.

    Of one that failed it holds what came of it, and `error`: `code`, `detail` and `hint`.
    """
    answer = Answer(model="", answer="")
    texts: list[str] = []
    told: dict[str, object] = {}
    try:
        for event in events:
            if isinstance(event, Start):
                answer = replace(
                    answer, turn_id=event.turn_id, model=event.model, conversation_id=event.conversation_id
                )
            elif isinstance(event, Text):
                texts.append(event.text)
            elif isinstance(event, Notice):
                if event.code == WAS_THOUGHT:
                    texts.clear()
                status.clear()
                note(event.text)
            elif isinstance(event, Done):
                answer = replace(
                    answer, finish_reason=event.finish_reason, usage=event.usage, latency_ms=event.latency_ms
                )
    except BackendUnreachableError:  # another backend may be asked yet
        raise
    except ChatappError as error:
        told = {"error": {"code": error.code, "detail": error.detail, "hint": error.hint}}
        raise
    finally:
        status.clear()
        if texts or told or answer.latency_ms is not None:
            typer.echo(json_text(asdict(replace(answer, answer="".join(texts))) | told))


def write_text(events: Iterable[Event], status: StatusLine) -> None:
    """Write the answer as it comes. Notes follow it: they would tear apart what is being drawn."""
    notes: list[str] = []
    model = ""
    writer: _AnswerWriter | None = None
    try:
        for event in events:
            if isinstance(event, Start):
                model = event.model
                status.show(f"{model} …")
                writer = writer or _writer()
            elif isinstance(event, Reasoning):
                status.show(f"{model} is thinking …")
            elif isinstance(event, Text) and writer is not None:
                status.clear()
                writer.add(event.text)
            elif isinstance(event, Notice):
                notes.append(event.text)
            elif isinstance(event, Done):
                notes.extend(_notes_on(model, event))
    finally:
        status.clear()
        if writer is not None:
            writer.close()
        for text in notes:
            note(text)


def note(text: str) -> None:
    """Say something beside the answer."""
    typer.secho(printable(text), err=True, dim=True)


class _AnswerWriter(Protocol):
    def add(self, text: str) -> None: ...

    def close(self) -> None: ...


def _writer() -> _AnswerWriter:
    if not is_terminal():
        return PlainAnswer()
    from chatapp.cli.markdown import MarkdownAnswer  # noqa: PLC0415 - Rich, only where there is something to draw on

    return MarkdownAnswer()


def _notes_on(model: str, done: Done) -> Iterator[str]:
    if done.finish_reason == "length":
        yield "The answer ends here because it reached the longest length allowed."
    if sys.stderr.isatty():
        yield " · ".join((model, f"{done.latency_ms / 1000:.1f} s", *usage_parts(done.usage)))
