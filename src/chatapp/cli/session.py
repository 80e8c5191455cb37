"""`chatapp ask` without a question, on a terminal: one question after the other."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from textwrap import fill

import typer

from chatapp.cli.model_lines import model_lines
from chatapp.cli.shell_chat import ShellChat
from chatapp.cli.terminal import StatusLine, fitted, printable
from chatapp.cli.typed_entries import edit_lines, edited, next_entry
from chatapp.cli.waiting_files import WaitingFiles
from chatapp.cli.writing import note, write_error, write_text
from chatapp.client import BackendClient
from chatapp.client.answer_events import Events
from chatapp.client.chat import ChatOptions
from chatapp.errors import ChatappError, SettingsError
from chatapp.protocol.events import Done, Event, UsageDetails
from chatapp.protocol.usage_line import gauge_parts, usage_sentence

_LEAST_COLUMNS = 30
"""With less beside the commands, what they do stands below them."""
_COMMAND = re.compile(r"/([A-Za-z]+)(?:\s+(.*))?", re.DOTALL)
_WELCOME = "/help shows what you can do here beside asking. Ctrl-D leaves."
_SUMMARY = "In place of the {} earlier messages goes along:\n\n{}"
_COMMANDS = (
    ("/new", "Begin a new conversation."),
    ("/model NAME", "Ask this model from now on; /model alone lists those there are."),
    ("/system TEXT", "How the model is to answer from now on; /system alone shows it, /system none clears it."),
    ("/prompt NAME", "Ask a saved prompt: NAME, variable=value and more words; /prompt alone lists those there are."),
    ("/attach FILE", "Let files go along with the next question; /attach alone lists them, /attach none drops them."),
    ("/set NAME=VALUE", "How words are chosen from now on: temperature, max-tokens, effort; /set alone shows them."),
    ("/retry", "Get another answer to the last question."),
    ("/answers N", "Go on from the Nth of the answers to the last question; /answers alone lists them."),
    ("/edit TEXT", "Ask this in place of the last question, which stays on the page; /edit alone lets you change it."),
    ("/undo", "Take the last question and its answer back."),
    ("/fork", "Go on in a conversation of its own that begins as this one does; this one stays."),
    ("/context", "What goes along with the next question, and what that costs."),
    ("/compact", "Send a summary in place of earlier messages; /compact show shows it, /compact none drops it."),
    ("/usage", "What the answers and summaries of this session have taken and cost."),
    ("/quit", "Leave, as Ctrl-D does."),
)
_KEYS = (
    "Arrow up brings earlier lines back; they are forgotten at the end. A line that ends with \\ goes on in the next "
    'one, and so does everything between lines of """. What is pasted is one question, however many lines it has. '
    "Ctrl-C stops an answer, or clears the line."
)


class Session:
    """Questions typed on a terminal, in one conversation until `/new` begins another with `begin()`."""

    def __init__(
        self, chat: ShellChat, *, begin: Callable[[], ShellChat], backend: BackendClient, options: ChatOptions
    ) -> None:
        self._chat = chat
        self._begin = begin
        self._models = backend.models
        self._options = options
        self._files = WaitingFiles(backend)
        self._answered: list[UsageDetails] = []
        self._summarised: list[UsageDetails] = []

    def run(self, files: Sequence[str] = ()) -> None:
        """Take questions and commands until the user leaves; `files` go along with the first question.

        No failure ends the session.
        """
        edit_lines()
        self._files.add(files)
        note(_WELCOME)
        while (entry := next_entry()) is not None:
            try:
                self._take(entry)
            except KeyboardInterrupt:
                note("Stopped.")
            except EOFError:
                return
            except ChatappError as error:
                write_error(error)

    def _take(self, entry: str) -> None:
        command = _COMMAND.fullmatch(entry.strip())
        if command is not None:
            self._obey(command[1].lower(), command[2] or "")
        elif entry.strip() in {"/", "/?"}:
            note("/help shows the commands there are.")
        elif entry.strip():
            self._ask(entry)

    def _obey(self, name: str, words: str) -> None:
        with_words = {
            "model": self._choose_model,
            "system": self._instruct,
            "prompt": self._ask_saved,
            "compact": self._compact,
            "attach": self._files.obey,
            "set": self._set,
            "answers": self._choose_answer,
            "edit": self._edit,
        }
        alone = {
            "new": self._begin_anew,
            "retry": lambda: self._write(self._chat.retry(self._options)),
            "undo": lambda: note(f"Taken back: {self._chat.undo()}"),
            "fork": lambda: note(f"Going on with: {self._chat.fork() or 'a fork'}"),
            "context": self._tell_context,
            "usage": lambda: note(usage_sentence(self._answered, self._summarised)),
            "help": lambda: typer.echo(_help(shutil.get_terminal_size().columns - 1), err=True),
            "quit": _leave,
        }
        if name in with_words:
            with_words[name](words)
        elif name in alone and words:
            note(f"/{name} takes no words. Nothing was done.")
        elif name in alone:
            alone[name]()
        else:
            note(f"There is no command /{name}. /help shows those there are.")

    def _begin_anew(self) -> None:
        self._chat = self._begin()
        note("A new conversation.")

    def _tell_context(self) -> None:
        told = self._chat.estimate(self._options)
        note(" ".join([f"Goes along: {', '.join(gauge_parts(told))}.", *told.notices]))

    def _choose_model(self, name: str) -> None:
        """Ask `name` from now on; without one show the models, the one that answers marked."""
        if name:
            self._options = self._options._replace(model=name)
            note(f"From now on: /model {name}")
            return
        told = self._models()
        current = told.listed_as(self._options.model or self._chat.model() or told.default)
        lines = [f"{'*' if line.strip() == current else ' '} {printable(line)}" for line in model_lines(told)]
        note("\n".join([*lines, "Choose one: /model NAME"]))

    def _instruct(self, words: str) -> None:
        """Set how the model is to answer, show it or clear it."""
        if not words:
            system = self._options.system or self._chat.system()
            note(f"/system {system}" if system else "There are no instructions. Give some: /system TEXT")
        elif words == "none":
            self._options = self._options._replace(system=None)
            self._chat.clear_system()
            note("No instructions from now on.")
        else:
            self._options = self._options._replace(system=words)
            note(f"From now on: /system {words}")

    def _compact(self, words: str) -> None:
        """Have a summary go along in place of earlier messages, or those again."""
        if words == "none":
            note(f"The {self._chat.drop_summary()} earlier messages go along again.")
            return
        if words == "show":
            found = self._chat.summary()
            note(_SUMMARY.format(found.summarised, found.summary))
            return
        status = StatusLine()
        status.show("Summarising earlier messages …")
        try:
            made = self._chat.summarise()
        finally:
            status.clear()
        self._summarised += made.calls
        note(_SUMMARY.format(made.messages, made.text))

    def _ask_saved(self, words: str) -> None:
        from chatapp.cli.saved import prompt_in_words, prompt_lines  # most questions are not saved

        if words:
            self._ask(prompt_in_words(words))
        else:
            note("\n".join(map(printable, prompt_lines())))

    def _set(self, words: str) -> None:
        """Change how the model chooses its words, or show that."""
        from chatapp.cli.session_settings import sampling_lines, with_setting  # most sessions change nothing

        if words:
            sampling = with_setting(self._chat.sampling(self._options), words)
            self._options = self._chat.with_sampling(sampling, self._options)
        note("\n".join(sampling_lines(self._chat.sampling(self._options))))

    def _choose_answer(self, words: str) -> None:
        """Go on from another answer to the last question, or list them, the one on show marked."""
        answers, shown = self._chat.answers()
        if words:
            numbered = {str(number): answer for number, answer in enumerate(answers, 1)}
            if words not in numbered:
                there_are = "There is 1" if len(answers) == 1 else f"There are {len(answers)}"
                raise SettingsError(f"There is no answer {words}.", hint=f"{there_are}: /answers")
            shown = numbered[words]
            self._chat.go_on_from(shown)
        for number, answer in enumerate(answers, 1):
            said = " ".join(answer.content.split())
            line = f"{'*' if answer.id == shown.id else ' '} {number}  {answer.model or ''}: {said}"
            note(fitted(line, shutil.get_terminal_size().columns - 1))

    def _edit(self, words: str) -> None:
        """Ask the last question in other words, those given or typed; nothing happens where these are none."""
        prompt, files = self._chat.last_question()
        changed = words or edited(prompt)
        if changed.strip():
            self._chat.undo()
            self._write(self._chat.ask(changed, self._options, attachments=files))

    def _ask(self, prompt: str) -> None:
        self._write(self._chat.ask(prompt, self._options, attachments=self._files.take()))

    def _write(self, events: Events) -> None:
        with closing(events):
            write_text(self._counted(events), StatusLine())

    def _counted(self, events: Events) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Done) and event.usage_details is not None:
                self._answered.append(event.usage_details)
            yield event


def _leave() -> None:
    raise EOFError


def _help(columns: int) -> str:
    """Return what can be typed, in whole words, and in lines of at most `columns` where these allow that."""
    widest = max(len(command) for command, _ in _COMMANDS) + 2
    is_narrow = columns < widest + _LEAST_COLUMNS
    margin = "  " if is_narrow else " " * widest
    within = partial(fill, width=max(columns, 1), break_long_words=False, break_on_hyphens=False)
    rows = [
        f"{name}\n{within(margin + what, subsequent_indent=margin)}"
        if is_narrow
        else within(f"{name:<{widest}}{what}", subsequent_indent=margin)
        for name, what in _COMMANDS
    ]
    return "\n".join([*rows, "", within(_KEYS)])
