"""Aider's `.aider.chat.history.md`: one file for all sessions in a folder, each below a line with its beginning."""

from collections import Counter
from collections.abc import Iterator

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import time
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.backend.transfer.importers.json_text import Readable, UnreadableError
from chatapp.backend.transfer.importers.text_lines import first_line, lines_of

SOURCE = "aider"

_BEGIN = "# aider chat started at "
_ASKED, _TOLD = "#### ", "> "
_END = "  \n"
"""How lines of users and of the program itself end: in an answer a heading or a quotation does not."""
_MODEL = ("> Main model: ", "> Model: ")
_UNSAID = ("/", "<blank>")
"""How begins what a user has typed that was no question, where no answer follows."""
_NAME = ".aider.chat.history.md"


def is_named(file_name: str) -> bool:
    """Return whether a file in a zip is theirs by its name."""
    return file_name.lower().endswith(_NAME)


def begins(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a history of theirs."""
    return first_line(head).startswith(_BEGIN)


def conversations(file: Readable, budget: ImportBudget) -> Iterator[ImportedConversation]:
    """Return the sessions in which something was asked; of those of one second each is told apart by its place.

    Raises:
        StoppedError: the budget is used up.
        UnreadableError: it is no text of usual size from somewhere on.
    """
    before: Counter[str] = Counter()
    for begun, lines in _sessions(lines_of(file, budget)):
        messages = _messages(lines, begun)
        if messages:
            before[begun] += 1
            session_id = begun if before[begun] == 1 else f"{begun} {before[begun]}"
            yield in_line(SOURCE, session_id, messages)


def _sessions(lines: Iterator[str]) -> Iterator[tuple[str, list[str]]]:
    begun, session, size = "", list[str](), 0
    for line in lines:
        if line.startswith(_BEGIN):
            yield begun, session
            begun, session, size = line.removeprefix(_BEGIN).strip(), [], 0
            continue
        session.append(line)
        size += len(line)
        if size > MAX_ELEMENT_CHARS:
            raise UnreadableError("a session of it is too long")
    yield begun, session


def _messages(lines: list[str], begun: str) -> list[ImportedMessage]:
    """Return what was asked and answered. When is known of the beginning alone, in the time of the machine."""
    messages: list[ImportedMessage] = []
    for number, (asked, answered, model) in enumerate(_turns(lines)):
        question, answer = "".join(asked).strip("\n"), "".join(answered).strip("\n")
        if answer.strip() or not question.startswith(_UNSAID):
            for role, words in (("user", question), ("assistant", answer)):
                messages.append(
                    ImportedMessage(
                        id=f"{number} {role}",
                        role="user" if role == "user" else "assistant",
                        content=words,
                        model=model or None if role == "assistant" else None,
                        created_at=time(begun),
                    )
                )
    return messages


def _turns(lines: list[str]) -> Iterator[tuple[list[str], list[str], str]]:
    """Return the lines of each question, those of its answer, and the model that gave it."""
    asked: list[str] = []
    answered: list[str] = []
    model, is_asked = "", False
    for line in lines:
        was_asked, is_asked = is_asked, line.startswith(_ASKED) and line.endswith(_END)
        if is_asked and not was_asked and asked:
            yield asked, answered, model
            asked, answered = [], []
        if is_asked:
            asked.append(f"{line[len(_ASKED) : -len(_END)]}\n")
        elif line.startswith(_TOLD) and line.endswith(_END):
            named = line.partition("odel: ")[2] if line.startswith(_MODEL) else ""
            model = named.split(" with ")[0].strip() or model
        elif asked:
            answered.append(line)
    if asked:
        yield asked, answered, model
