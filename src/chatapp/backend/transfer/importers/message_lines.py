"""Messages that stand in a file by themselves: of Cline, gptme, Jan, llm, shell-gpt and SillyTavern."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.transfer.importers import cline, llm_prints, silly_tavern
from chatapp.backend.transfer.importers.fields import Json, mapping, name
from chatapp.backend.transfer.importers.messages import named, words_of
from chatapp.backend.transfer.importers.programs import conversation


class _Kind(NamedTuple):
    """A kind of lines, and the conversation that they make; those with the same `thread` are one."""

    is_line: Callable[[Json], bool]
    read: Callable[[list[Json]], ImportedConversation]
    thread: str = ""


def _jan(lines: list[Json]) -> ImportedConversation:
    return conversation("jan", {"id": lines[0].get("thread_id")}, lines)


def _task(lines: list[Json]) -> ImportedConversation:
    about, told = cline.shown(lines)
    return conversation("cline", about, told)


def _bare(lines: list[Json]) -> ImportedConversation:
    """Return what was said, without what Cline has put into it, and what gptme tells its model."""
    if any(map(cline.is_of_task, lines)):
        said = [cline.as_said(line) for line in lines]
    else:
        said = [_of_gptme(line) for line in lines if line.get("hide") is not True and not _is_note(line)]
    return conversation("messages", {}, [*named(said)])


def _is_note(line: Json) -> bool:
    """Return whether a line is what gptme tells its model in the user's place."""
    text = words_of(line).strip() if line.get("role") == "user" else ""
    return text.startswith("<system>") and text.endswith("</system>")


def _of_gptme(line: Json) -> Json:
    about = mapping(line.get("metadata"))
    return {"model": about.get("model"), "usage": about.get("usage"), **line}


_KINDS = (
    _Kind(silly_tavern.is_line, silly_tavern.read),
    _Kind(lambda it: it.get("object") == "thread.message", _jan, "thread_id"),
    _Kind(cline.is_shown, _task),
    _Kind(llm_prints.is_line, llm_prints.read, "conversation_id"),
    _Kind(lambda it: {"role", "content"} <= it.keys(), _bare),
)


@dataclass(slots=True)
class MessageLines:
    """Gathers the messages of a file, and gives the conversations that they make."""

    _lines: dict[tuple[int, str | None], list[Json]] = field(default_factory=dict)

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a message that stands by itself, and keep it."""
        for number, kind in enumerate(_KINDS):
            if kind.is_line(fields):
                self._lines.setdefault((number, name(fields.get(kind.thread))), []).append(fields)
                return True
        return False

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return those in which something was answered."""
        for (number, _), lines in self._lines.items():
            made = _KINDS[number].read(lines)
            if any(message.role == "assistant" for message in made.messages):
                yield made
