"""Writing an answer: its text on stdout as it comes, everything else on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from typing import Protocol

import typer

from chatapp.cli.terminal import PlainAnswer, StatusLine, is_terminal, json_text, printable, wrapped
from chatapp.client.answer_events import gathered, in_one_piece
from chatapp.errors import BackendUnreachableError, ChatappError, SettingsError
from chatapp.protocol.events import Answer, Citation, Done, Event, Notice, Reasoning, Start, Text
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
            answer = _with(event, answer)
            gathered(texts, event)
            if isinstance(event, Notice):
                status.clear()
                note(event.text)
    except BackendUnreachableError:  # another backend may be asked yet
        raise
    except ChatappError as error:
        told = {"error": {"code": error.code, "detail": error.detail, "hint": error.hint}}
        raise
    finally:
        status.clear()
        if texts or told or answer.latency_ms is not None:
            typer.echo(json_text(asdict(replace(answer, answer="".join(texts))) | told))


def write_resource(told: object) -> None:
    """Write what the backend told as JSON: a named tuple, or a mapping that holds some."""
    from chatapp.cli.resource_json import as_json  # milliseconds that only --json needs

    typer.echo(json_text(as_json(told)))


def _with(event: Event, answer: Answer) -> Answer:
    """Return what is known of an answer, with what an event says of it beside its text."""
    match event:
        case Start():
            return replace(answer, turn_id=event.turn_id, model=event.model, conversation_id=event.conversation_id)
        case Citation():
            return replace(answer, citations=(*answer.citations, event))
        case Done():
            return replace(
                answer,
                model=event.model or answer.model,
                finish_reason=event.finish_reason,
                usage=event.usage,
                latency_ms=event.latency_ms,
                usage_details=event.usage_details,
            )
    return answer


def require_one_form(*, is_extracted: bool, as_json: bool) -> None:
    """Raise a SettingsError where an answer is wanted in two forms at once."""
    if is_extracted and as_json:
        raise SettingsError("--extract prints code, --json an object.", hint="Use one of them.")


def write_code(events: Iterable[Event], status: StatusLine) -> None:
    """Write the first block of code of an answer alone, or all of it where there is none.

    Nothing is written of an answer that breaks off: half a script is none.
    """
    with closing(_Transcript(status, PlainAnswer)) as transcript:
        for event in in_one_piece(events):
            transcript.take(Text(first_code(event.text)) if isinstance(event, Text) else event)


def first_code(text: str) -> str:
    """Return what is in the first fence of Markdown, or `text` where there is none."""
    from markdown_it import MarkdownIt  # milliseconds that only --extract and --schema need

    tokens = MarkdownIt("zero").enable(["fence", "code", "list", "blockquote"]).parse(text)
    return next((token.content for token in tokens if token.type == "fence"), text)


def write_text(events: Iterable[Event], status: StatusLine) -> None:
    """Write the answer as it comes. Notes follow it: they would tear apart what is being drawn."""
    with closing(_Transcript(status, answer_writer)) as transcript:
        for event in events:
            transcript.take(event)


class _Transcript:
    """What is written of one answer: thoughts dim on stderr where somebody looks, words on stdout, notes at the end."""

    def __init__(self, status: StatusLine, begin: "Callable[[], AnswerWriter]") -> None:
        self._status = status
        self._begin = begin
        self._model = ""
        self._notes: list[str] = []
        self._cited = 0
        self._writer: AnswerWriter | None = None
        self._thoughts: PlainAnswer | None = None
        self._is_empty = True

    def take(self, event: Event) -> None:
        """Write what is new."""
        if isinstance(event, Start):
            self._model = event.model
            self._status.show(f"{event.model} …")
        elif isinstance(event, Reasoning):
            self._think(event.text)
        elif isinstance(event, Text):
            self._say(event.text)
        elif isinstance(event, Citation):
            self._cited += 1
            self._notes.append(cited_line(self._cited, event.url, event.title))
        elif isinstance(event, Notice):
            self._notes.append(event.text)
        elif isinstance(event, Done):
            self._notes.extend(_notes_on(event.model or self._model, event, is_empty=self._is_empty))

    def close(self) -> None:
        """End what is being written, and write the notes."""
        self._status.clear()
        self._end_parts()
        for text in self._notes:
            note(text)

    def _think(self, text: str) -> None:
        if not (sys.stderr.isatty() and is_terminal()):
            self._status.show(f"{self._model} is thinking …")
            return
        if self._thoughts is None:
            self._status.clear()
            self._end_parts()
            self._thoughts = PlainAnswer(sys.stderr, is_dim=True)
        self._thoughts.add(text)

    def _say(self, text: str) -> None:
        self._status.clear()
        self._is_empty = self._is_empty and not text.strip()
        if self._thoughts is not None:
            self._end_parts()
            typer.echo(err=True)
        self._writer = self._writer or self._begin()
        self._writer.add(text)

    def _end_parts(self) -> None:
        for part in (self._thoughts, self._writer):
            if part is not None:
                part.close()
        self._thoughts = self._writer = None


def cited_line(number: int, url: str, title: str) -> str:
    """Return the line on a page that an answer goes by."""
    return f"[{number}] {', '.join(filter(None, (title, url)))}"


def write_error(error: ChatappError) -> None:
    """Say why there is no answer, or no more of it, where others follow."""
    typer.secho(wrapped(printable(error.sentence())), err=True, fg="red")


def note(text: str) -> None:
    """Say something beside the answer."""
    typer.secho(wrapped(printable(text)), err=True, dim=True)


class AnswerWriter(Protocol):
    """What an answer is written with, piece by piece."""

    def add(self, text: str) -> None:
        """Write the next piece."""

    def close(self) -> None:
        """End the answer."""


def answer_writer() -> AnswerWriter:
    """Return what writes an answer: drawn as Markdown on a terminal, else as it is."""
    if not is_terminal():
        return PlainAnswer()
    from chatapp.cli.markdown import MarkdownAnswer  # Rich, only where there is something to draw on

    return MarkdownAnswer()


_ENDS = {
    "length": "The answer ends here because it reached the longest length allowed.",
    "content_filter": "The answer ends here because of the model's content filter.",
}


def _notes_on(model: str, done: Done, *, is_empty: bool) -> Iterator[str]:
    if end := _ENDS.get(done.finish_reason or ""):
        yield end
    elif is_empty and done.finish_reason != "stopped":
        yield "The model said nothing."
    if sys.stderr.isatty():
        yield " · ".join((model, f"{done.latency_ms / 1000:.1f} s", *usage_parts(done.usage_details)))
