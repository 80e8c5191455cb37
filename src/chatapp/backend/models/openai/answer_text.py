"""The text of one answer as it is put together: characters whole, thoughts apart, cut where the question wants it."""

from collections.abc import Sequence

from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.openai.stop_strings import StopStrings
from chatapp.backend.models.openai.think_tags import Found, ThinkTags
from chatapp.protocol.events import Reasoning, Text


class AnswerText:
    """Takes the pieces of one answer and adds to batches what they come to.

    `has_text`: the server has said something that is not thought. `can_be_cut`: the question names stop strings.
    `is_cut`: one was found, and what follows is not wanted.
    """

    def __init__(self, *, stop: Sequence[str] = ()) -> None:
        self.has_text = self.is_cut = False
        self._tags = ThinkTags()
        self._stop = StopStrings(stop) if stop else None
        self.can_be_cut = bool(self._stop)
        self._half = ""
        self._plain_kind: type[Text] | type[Reasoning] | None = None

    def add_plain(self, text: str, batch: Batch) -> bool:
        """Add text, not empty, and return whether nothing can be in it that needs a look, as almost always."""
        kind = self._plain_kind
        if kind is None or self._tags.mark in text:  # a tag, half a character, a stop string
            return False
        if not self._tags.is_decided:
            self._tags.pass_by(text)
        batch.add(kind, text)
        return True

    def add_piece(self, kind: type[Text] | type[Reasoning], text: str, batch: Batch) -> None:
        """Add a piece; some of it may wait for the next."""
        if kind is Reasoning:
            self._tags.take_as_text()
            batch.add(Reasoning, _whole_characters(text))
        else:
            self.has_text = batch.is_alive = True  # also where the text is held back
            text = self._join_halves(text) if self._half or not text.isascii() else text
            if not self.can_be_cut and self._tags.begin_plainly(text):
                batch.add(Text, text)
            else:
                self._sort(text, batch)
        self._plain_kind = None if self._half or self.can_be_cut else self._tags.plain_kind

    def give_up_held(self, batch: Batch) -> None:
        """At the end, add what was held back: half a character, half a tag, half a stop string."""
        if self._half:
            half, self._half = _whole_characters(self._half), ""
            self._sort(half, batch)
        for found in self._tags.end():
            self._put(found, batch)
        if self._stop and (rest := self._stop.end()):
            batch.add(Text, rest)

    def _sort(self, text: str, batch: Batch) -> None:
        for found in self._tags.sort(text):
            if self.is_cut:  # what is not wanted says nothing of what came before it
                return
            self._put(found, batch)

    def _put(self, found: Found, batch: Batch) -> None:
        if found == "all_was_thought":
            batch.recast()
            return
        kind, text = found
        if kind is Text and self._stop:
            text = self._stop.feed(text)
            self.is_cut = self._stop.is_found
        if text:
            batch.add(kind, text)

    def _join_halves(self, text: str) -> str:
        """Put together a character that the server cut into two \\u escapes of two chunks."""
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _whole_characters(text)


def _whole_characters(text: str) -> str:
    """Return `text` with surrogate pairs joined, and lone halves, which UTF-8 cannot carry, replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
