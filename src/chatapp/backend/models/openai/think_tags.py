"""Thoughts that a model writes into its text, between `<think>` and `</think>`, kept apart from its answer.

Servers without a parser for a model's reasoning pass its tags on. They stand at the beginning of the text, however
the server cuts it. The templates of Qwen and DeepSeek put the opening tag into the prompt, so that a lone `</think>`
is all that comes: what was passed on as text until then was thought.
"""

from collections.abc import Iterator
from typing import Literal

from chatapp.backend.models.openai.thought_marks import AROUND_ANSWERS, FIRST, LEFT_BEHIND, LONE, TAGS, TALKED_ABOUT
from chatapp.protocol.events import Reasoning, Text

Piece = tuple[type[Text] | type[Reasoning], str]
Found = Piece | Literal["all_was_thought"]

_FIRST = {"", *(tag[0] for tag in TAGS)}
"""What a tag begins with, and what there is where nothing has come but blanks."""
_LONGEST = max(map(len, TAGS))
_LONGEST_ATTRIBUTES = 200
_MOST_BLANKS = 64
_MOST_ROUNDS = 8
"""How often an answer may begin with thoughts anew."""
_LONE_BEGINS = "<"
_BEHIND_SENTENCES = "\n.!?…。！？"  # noqa: RUF001 - as they are written
_TICK = "`"


class ThinkTags:
    """Sorts the text of one answer.

    Text that holds no `mark` is of the `plain_kind` as a whole; None while it has to be looked at. Until it
    `is_decided` what is thought, such text is to be told to `pass_by`: what comes behind it is judged by it.
    """

    def __init__(self) -> None:
        self.mark = "<"
        self._kind: type[Text] | type[Reasoning] | None = None
        self._held = ""
        self._close = ""
        self._drops_blanks = False
        self._around: tuple[tuple[str, str], ...] = FIRST
        self._ending = ""
        self._before = self._ticks = ""
        self._fences = self._rounds = 0
        self.is_decided = False

    @property
    def plain_kind(self) -> type[Text] | type[Reasoning] | None:
        """What text is that holds no `mark`."""
        return None if self._held or self._drops_blanks or self._around else self._kind

    def take_as_text(self) -> None:
        """Take all that follows for text: the server keeps thoughts apart itself, though a mark of them may be left."""
        if not self.is_decided:
            self.is_decided = True
            self._around = LEFT_BEHIND if self._kind is None else ()

    def begin_plainly(self, text: str) -> bool:
        """Pass text by if it begins the answer and holds nothing to sort, as almost always; return whether it does."""
        if self._kind or self._held or self.is_decided or text[:1] in _FIRST or text[0].isspace() or self.mark in text:
            return False
        self._kind, self._around = Text, ()
        self.pass_by(text)
        return True

    def sort(self, text: str) -> Iterator[Found]:
        """Return what `text` adds, in its order; "all_was_thought" means all text before it."""
        text, self._held = self._held + text, ""
        if self._kind is None:
            yield from self._first_words(text)
        elif self._kind is Reasoning:
            yield from self._think(text)
        else:
            yield from self._answer(text)

    def pass_by(self, text: str) -> None:
        """Take note of text, not empty, that holds no mark and was not sorted."""
        self._before = text[-1]
        if _TICK in text:
            text = self._ticks + text
            self._fences += text.count("```")
            self._ticks = _TICK * ((len(text) - len(text.rstrip(_TICK))) % 3)  # may become one
        else:
            self._ticks = ""

    def end(self) -> Iterator[Found]:
        """Return what was held back and turned out to be no tag."""
        text, self._held = self._held, ""
        if self._ending.startswith(text.rstrip()) and text.rstrip().endswith(">"):
            return
        if text and not (self._drops_blanks and not text.strip()):
            yield (self._kind or Text), text

    def _first_words(self, text: str) -> Iterator[Found]:
        """Wait for the first word; hold blanks and what may become a tag."""
        stripped = text.lstrip()
        opening, end = _opening_in(stripped) if stripped[:1] in _FIRST else (None, 0)
        if opening is not None and end:
            self._kind, self._close, self._drops_blanks = Reasoning, TAGS[opening], True
            self.mark = self._close[0]
            yield from self._think(stripped[end:])
        elif opening is not None and len(text) - len(stripped) <= _MOST_BLANKS:
            self._held = text
        else:
            self._kind = Text
            yield from self._answer(text)

    def _think(self, text: str) -> Iterator[Found]:
        text = self._without_blanks(text)
        at, end = _closing_in(text, self._close)
        if not end:
            self._held = text[at:] if at >= 0 else _possible_beginning(text, self._close)
            if thought := text[: len(text) - len(self._held)]:
                yield Reasoning, thought
            return
        if at:
            yield Reasoning, text[:at]
        self.is_decided = self._drops_blanks = True
        self._around, self._ending = AROUND_ANSWERS.get(self._close, ()), ""
        self._kind, self.mark = None, "<"
        self._rounds += 1
        if self._rounds < _MOST_ROUNDS:
            yield from self._first_words(text[end:])  # of the answer, or of more thoughts
        else:
            self._kind = Text
            yield from self._answer(text[end:])

    def _answer(self, text: str) -> Iterator[Found]:
        text = self._without_opening(self._without_blanks(text))
        if self.is_decided:
            yield from self._decided(text)
            return
        if _LONE_BEGINS not in text:
            yield from self._passed(text)
            return
        at, end = _lone_in(text)
        if any(tag in (text if at < 0 else text[:at]) for tag in TALKED_ABOUT):
            self.is_decided = True
            yield from self._decided(text)
            return
        is_waiting = at >= 0 and end == len(text) and not self._is_lone_at(text, at, "")
        if at < 0 or is_waiting:
            self._held = text[at:] if is_waiting else _possible_tag(text)
            yield from self._passed(text[: len(text) - len(self._held)])
            return
        following = text[end:]
        self.is_decided = True
        if self._is_lone_at(text, at, following):
            yield from self._passed(text[:at])
            yield "all_was_thought"
            self._around, self._drops_blanks = AROUND_ANSWERS.get(text[at:end], ()), True
            yield from self._answer(following)
        else:
            yield from self._passed(text)

    def _decided(self, text: str) -> Iterator[Found]:
        """Pass on what is the answer, but for what may end it."""
        if not self._ending:
            self.mark = "<" if self._around else "\0"
        else:
            self.mark = self._ending[0]
            at = text.rfind(self._ending)
            behind = text[at + len(self._ending) :]
            is_whole = at >= 0 and len(behind) <= _MOST_BLANKS and not behind.strip()
            self._held = text[at:] if is_whole else _possible_beginning(text, self._ending)
            text = text[: len(text) - len(self._held)]
        if text:
            yield Text, text

    def _passed(self, text: str) -> Iterator[Found]:
        if text:
            self.pass_by(text)
            yield Text, text

    def _is_lone_at(self, text: str, at: int, following: str) -> bool:
        """Return whether a tag at `at` ends thoughts and is not talked about: it has a line or sentence before it.

        In code, and behind a backtick, it is talked about.
        """
        before = text[at - 1] if at else self._before
        is_in_code = (self._fences + (self._ticks + text[:at]).count("```")) % 2 == 1
        if is_in_code or before == _TICK:
            return False
        return before in _BEHIND_SENTENCES or following.startswith(("\n", "\r"))

    def _without_opening(self, text: str) -> str:
        """Return `text` without what opens the answer, blanks before it or not; hold what may become it."""
        stripped = text.lstrip() if self._around else text
        for opening, ending in self._around:
            if stripped.startswith(opening):
                self._around, self._ending = AROUND_ANSWERS.get(opening, ()), ending
                self.is_decided = self._drops_blanks = True
                return self._without_opening(self._without_blanks(stripped[len(opening) :]))
        if len(text) - len(stripped) <= _MOST_BLANKS and any(
            opening.startswith(stripped) for opening, _ in self._around
        ):
            self._held = text
            return ""
        self._around = ()
        return text

    def _without_blanks(self, text: str) -> str:
        """Return `text` without the blank lines behind a tag, however many pieces they come in."""
        if self._drops_blanks:
            text = text.lstrip()
            self._drops_blanks = not text
        return text


def _opening_in(text: str) -> tuple[str | None, int]:
    """Return the tag that `text` begins with, and where it ends: 0 as long as the rest may still come."""
    beginning = text[:_LONGEST]
    for tag in TAGS:
        if beginning.startswith(tag) or tag.startswith(beginning):
            return tag, len(tag) if beginning.startswith(tag) else 0
    with_attributes = next((tag for tag in TAGS if beginning.startswith(f"{tag[:-1]} ")), None)
    return _end_of_attributes(text, with_attributes) if with_attributes else (None, 0)


def _end_of_attributes(text: str, tag: str) -> tuple[str | None, int]:
    """Return the end of `<think duration="3">` or `<think >`; other words than attributes are words of the answer."""
    end = text.find(">", 0, _LONGEST_ATTRIBUTES)
    if end < 0:
        return (tag, 0) if len(text) < _LONGEST_ATTRIBUTES and "\n" not in text else (None, 0)
    attributes = text[len(tag) : end].strip()
    return (tag, end + 1) if not attributes or "=" in attributes else (None, 0)


def _closing_in(text: str, tag: str) -> tuple[int, int]:
    """Return where `tag` begins and ends in `text`, blanks before its last character or not: `</think >`.

    The end is 0 where there is none; the beginning is -1, or where one begins that may go on.
    """
    stem = tag[:-1]
    at = text.find(stem)
    while at >= 0:
        end = at + len(stem)
        while text[end : end + 1] == " " and end - at < _LONGEST_ATTRIBUTES:
            end += 1
        if end == len(text):
            return at, 0
        if text[end] == tag[-1]:
            return at, end + 1
        at = text.find(stem, at + 1)
    return -1, 0


def _lone_in(text: str) -> tuple[int, int]:
    """Return where the first of the tags that may stand alone begins and ends; -1 where there is none."""
    found = [(at, at + len(tag)) for tag in LONE if (at := text.find(tag)) >= 0]
    return min(found, default=(-1, 0))


def _possible_tag(text: str) -> str:
    """Return the end of `text` that may become a tag that says what the text is."""
    return max((_possible_beginning(text, tag) for tag in (*LONE, *TALKED_ABOUT)), key=len)


def _possible_beginning(text: str, tag: str) -> str:
    """Return the longest end of `text` that `tag` begins with."""
    at = text.find(tag[0], max(0, len(text) - len(tag) + 1))
    while at >= 0 and not tag.startswith(text[at:]):
        at = text.find(tag[0], at + 1)
    return text[at:] if at >= 0 else ""
