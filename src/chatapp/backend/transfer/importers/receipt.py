"""What an import has done, and what it has not."""

from collections import Counter
from dataclasses import dataclass, field

from chatapp.backend.store.imported import FOLDER

MAX_SKIPPED = 200
"""Lines of a receipt; what is beyond them is counted."""

MAX_NAME_CHARS = 200

_OF_THE_FILE = {FOLDER}
"""What is told once for a file, not for each conversation: it is of nobody's text."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not imported: `count` times the `why` in `what`."""

    what: str
    why: str
    count: int = 1


@dataclass(slots=True)
class Receipt:
    """What an import has done. What was read and not added was here before, or is in `skipped`.

    `skipped` holds what came first; `skipped_more` counts the rest.
    """

    sources: list[str] = field(default_factory=list)
    conversations_read: int = 0
    messages_read: int = 0
    conversations_added: int = 0
    messages_added: int = 0
    projects_added: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    skipped_more: int = 0
    _of_the_file: Counter[str] = field(default_factory=Counter)

    def read(self, source: str, *, messages: int) -> None:
        """Count a conversation that was read."""
        if source not in self.sources:
            self.sources.append(source)
        self.conversations_read += 1
        self.messages_read += messages

    def read_project(self, source: str, *, is_new: bool) -> None:
        """Count a project that stands in the file by itself."""
        if source not in self.sources:
            self.sources.append(source)
        self.projects_added += is_new

    def skip(self, what: str, why: str, count: int = 1) -> None:
        """Say what was not imported."""
        if len(self.skipped) < MAX_SKIPPED:
            self.skipped.append(Skipped(_short(what), _short(why), count))
        else:
            self.skipped_more += 1

    def stop(self, why: str) -> None:
        """Say, before all else, that the rest of the file was not read."""
        self.skipped.insert(0, Skipped("the rest of the file", _short(why)))

    def leave_out(self, what: str, left_out: dict[str, int]) -> None:
        """Say what of a conversation was not imported."""
        for why, count in left_out.items():
            if why in _OF_THE_FILE:
                self._of_the_file[why] += count
            else:
                self.skip(what, why, count)

    def close(self) -> None:
        """Say what is said once for the whole file."""
        for why, count in self._of_the_file.items():
            self.skip("the file", why, count)
        self._of_the_file.clear()


def _short(text: str) -> str:
    text = text.encode(errors="replace").decode()
    return text if len(text) <= MAX_NAME_CHARS else f"{text[: MAX_NAME_CHARS - 1]}…"
