"""How much of files goes along with a question, and what does not."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from chatapp.backend.attachments.media import MEDIA_TOKENS
from chatapp.backend.attachments.passages import fitting_passages
from chatapp.backend.attachments.project_wording import UNKNOWN_WINDOW_TOKENS, share_of
from chatapp.documents import fenced
from chatapp.protocol.events import Notice

MOST_FILES = 500
"""Files that are looked at for one question, the newest first: of an import, one message may hold thousands."""

MOST_MEDIA, MOST_MEDIA_BYTES = 100, 64 * 1024**2
"""Pictures and sounds of one question, and what they are together. Vendors refuse more."""

MOST_TOKENS = 4_000_000
"""What texts take at most where nobody knows how much the model reads."""

_MOST_NAMED = 20


class FileBudget:
    """How many tokens are left, None for as many as anybody reads, and what did not get any, or is not taken."""

    def __init__(
        self, room: int | None, estimate: Callable[[str], int], question: str, without: Collection[str] = ()
    ) -> None:
        self.media: dict[str, dict[str, Any]] = {}
        self.without = without
        self.looks_left = MOST_FILES
        self.has_room_for_media = True
        self._is_known = room is not None
        self._room = MOST_TOKENS if room is None else room
        self._media_left, self._bytes_left = MOST_MEDIA, MOST_MEDIA_BYTES
        self._estimate, self._question = estimate, question
        self._cut: list[str] = []
        self._left_out: list[str] = []
        self._more_left_out = 0
        self._not_taken: list[str] = []
        self._missing: list[str] = []
        self._wordless: list[str] = []

    def share(self, tokens: int | None) -> int:
        """Return what pictures and sounds of a project may take where the model reads `tokens`."""
        share = share_of(tokens or UNKNOWN_WINDOW_TOKENS)
        return max(min(self._room, share), 0) if self._is_known else share

    def take(self, tokens: int) -> bool:
        """Return whether there was room for as many tokens, which there is no longer."""
        if tokens > self._room:
            return False
        self._room -= tokens
        return True

    def take_medium(self, size: int, *, is_needed: bool) -> bool:
        """Return whether a picture or a sound of `size` bytes goes along; one that `is_needed` does without tokens.

        The first goes along whatever its size. Where one found no room, none behind it does.
        """
        is_first = self._media_left == MOST_MEDIA
        if self._media_left <= 0 or (size > self._bytes_left and not is_first):
            self.has_room_for_media = False
        if not self.has_room_for_media or not (self.take(MEDIA_TOKENS) or is_needed):
            return False
        self._media_left -= 1
        self._bytes_left -= size
        return True

    def text_of(self, name: str, text: str, *, is_last: bool) -> str:
        """Return the words of a file as part of a message, or as much of them as there is room for."""
        tokens = self._estimate(text)
        if self.take(tokens):
            return _shown(name, text)
        if not is_last:
            return self.left_out(name)
        room, self._room = max(self._room, 0), 0
        passages = fitting_passages(text, self._question, chars=len(text) * room // (tokens + tokens // 8))
        self._cut.append(name)
        return _shown(f"{name}, the parts that fit the question", passages)

    def left_out(self, name: str) -> str:
        """Return what stands in a message instead of a file, and note that it does."""
        self._left_out.append(name)
        return f"(The file {name} is left out here: there is no room for it.)\n\n"

    def more_left_out(self, count: int) -> str:
        """Return what stands in a message instead of `count` files that nobody names, and note that it does."""
        self._more_left_out += count
        more = "1 more file is" if count == 1 else f"{count:,} more files are"
        return f"({more} left out here: there is no room.)\n\n"

    def not_taken(self, name: str) -> str:
        """Return what stands in a message instead of what the model does not take, and note that it does."""
        self._not_taken.append(name)
        return f"(The file {name} is left out here: you do not take it.)\n\n"

    def missing(self, name: str) -> str:
        """Return what stands in a message instead of a file that is not kept, and note that it does."""
        self._missing.append(name)
        return f"(The file {name} is not here.)\n\n"

    def wordless(self, pages: str) -> str:
        """Return what stands in a message instead of pages that have no words and are not drawn, and note that."""
        self._wordless.append(pages)
        return f"(Left out here, as there are no words on them: {pages}.)\n\n"

    def notices(self) -> list[Notice]:
        """Return what the readers are to know."""
        notices = []
        if self._cut:
            said = f"Of {_listed(self._cut)} the model reads only the parts that fit the question."
            notices.append(Notice("attachment_cut", said))
        if self._left_out or self._more_left_out:
            left_out = _listed(reversed(self._left_out), more=self._more_left_out)
            notices.append(Notice("attachment_left_out", f"Left out to fit the model's context: {left_out}."))
        if self._not_taken:
            said = f"Left out, as the model does not take them: {_listed(reversed(self._not_taken))}."
            notices.append(Notice("attachment_left_out", said))
        if self._wordless:
            said = f"Left out, as they have no words and no more pages are shown at a time: {_listed(self._wordless)}."
            notices.append(Notice("attachment_left_out", said))
        if self._missing:
            said = f"Not kept here, so that the model does not see it: {_listed(reversed(self._missing))}."
            notices.append(Notice("attachment_missing", said))
        return notices


def _shown(name: str, text: str) -> str:
    return f"File: {name}\n{fenced(text)}\n\n"


def _listed(names: Iterable[str], *, more: int = 0) -> str:
    """Return the names, each once, or the first of them and how many more there are, `more` of them without a name."""
    told = list(dict.fromkeys(names))
    more += len(told[_MOST_NAMED:])
    listed = ", ".join(told[:_MOST_NAMED])
    if not more:
        return listed
    return f"{listed} and {more:,} more" if listed else f"{more:,} files"
