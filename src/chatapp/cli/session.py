"""`chatapp ask` without a question, on a terminal: one question after the other."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from importlib import import_module

import typer

from chatapp.cli.shell_chat import ShellChat
from chatapp.cli.terminal import StatusLine, printable
from chatapp.cli.writing import note, write_text
from chatapp.client.answer_events import Events
from chatapp.client.chat import ChatOptions
from chatapp.errors import ChatappError
from chatapp.protocol.events import Done, Event, Usage
from chatapp.protocol.usage_line import usage_sentence

_PROMPT, _PROMPT_FOR_MORE = "> ", "| "
_QUOTES = '"""'
_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.DOTALL)
_WELCOME = "/help shows what you can do here beside asking. Ctrl-D leaves."
_HELP = """\
/new           Begin a new conversation.
/model NAME    Ask this model from now on; /model alone lists those there are.
/system TEXT   How the model is to answer from now on.
/retry         Get another answer to the last question.
/undo          Take the last question and its answer back.
/usage         What the answers of this session have taken and cost.
/quit          Leave, as Ctrl-D does.

Arrow up brings earlier lines back; they are forgotten at the end. A line that ends with \\ goes on in the next one,
and so does everything between lines of \"\"\". Ctrl-C stops an answer, or clears the line."""


class Session:
    """Questions typed on a terminal, in one conversation until `/new` begins another with `begin()`.

    `model_lines` gives what is to be said of the models that can be asked.
    """

    def __init__(
        self,
        chat: ShellChat,
        *,
        begin: Callable[[], ShellChat],
        model_lines: Callable[[], Sequence[str]],
        options: ChatOptions,
    ) -> None:
        self._chat = chat
        self._begin = begin
        self._model_lines = model_lines
        self._options = options
        self._answered: list[Usage] = []

    def run(self) -> None:
        """Take questions and commands until the user leaves. No failure ends the session."""
        with suppress(ImportError):
            import_module("readline")  # from here on `input` lets lines be edited and keeps them in memory
        note(_WELCOME)
        while (entry := _next_entry()) is not None:
            try:
                self._take(entry)
            except KeyboardInterrupt:
                note("Stopped.")
            except EOFError:
                return
            except ChatappError as error:
                typer.secho(printable(error.sentence()), err=True, fg="red")

    def _take(self, entry: str) -> None:
        command = _COMMAND.fullmatch(entry.strip())
        if command is not None:
            self._obey(command[1], command[2] or "")
        elif entry.strip():
            self._write(self._chat.ask(entry, self._options))

    def _obey(self, name: str, words: str) -> None:
        match name:
            case "new":
                self._chat = self._begin()
                note("A new conversation.")
            case "model" if not words:
                note("\n".join([*map(printable, self._model_lines()), "Choose one: /model NAME"]))
            case "model" | "system" if words:
                chosen = {"model": self._options.model, "system": self._options.system, name: words}
                self._options = self._options._replace(model=chosen["model"], system=chosen["system"])
                note(f"From now on: /{name} {words}")
            case "system":
                note("Say more: /system TEXT")
            case "retry":
                self._write(self._chat.retry(self._options))
            case "undo":
                note(f"Taken back: {self._chat.undo()}")
            case "usage":
                note(usage_sentence(self._answered))
            case "help":
                typer.echo(_HELP, err=True)
            case "quit":
                raise EOFError
            case _:
                note(f"There is no command /{name}. /help shows those there are.")

    def _write(self, events: Events) -> None:
        with closing(events):
            write_text(self._counted(events), StatusLine())

    def _counted(self, events: Events) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Done) and event.usage is not None:
                self._answered.append(event.usage)
            yield event


def _next_entry() -> str | None:
    """Return what is typed next, None when nothing more will be; Ctrl-C begins anew."""
    while True:
        try:
            return _entry(input(_PROMPT))
        except KeyboardInterrupt:
            typer.echo(err=True)
        except EOFError:
            typer.echo(err=True)
            return None


def _entry(line: str) -> str:
    """Return the entry that begins with `line`; newlines within are LF."""
    if line.lstrip().startswith(_QUOTES):
        return _up_to_quotes(line.lstrip().removeprefix(_QUOTES))
    lines = [line]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1].removesuffix("\\")
        lines.append(input(_PROMPT_FOR_MORE))
    return "\n".join(lines)


def _up_to_quotes(line: str) -> str:
    lines = []
    while not line.rstrip().endswith(_QUOTES):
        lines.append(line)
        line = input(_PROMPT_FOR_MORE)
    return "\n".join([*lines, line.rstrip().removesuffix(_QUOTES)]).strip("\n")
