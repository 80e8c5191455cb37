"""Emphasis where no blank stands beside it: in Chinese and Japanese and behind a colon, but not between digits."""

from unicodedata import east_asian_width

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

_ENDING = frozenset(":.,;!?)]}%\u2026\u2019\u201d\xbb")


class WideTextParser(ParserInline):
    """Reads lines so that `**「注意」**请` is bold: CommonMark wants a blank there, which these languages do not write.

    The rule is that of https://github.com/tats-u/markdown-cjk-friendly.
    """

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Return the tokens of a line."""
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - the names of the library
        """Return what a run of marks may do; beside a wide letter it opens and closes like beside any other letter.

        Between what ends a sentence and a word it closes what is open, as models write `**Note:**this`. Stars
        between digits are arithmetic, unless they are around digits alone.
        """
        scanned = super().scanDelims(start, canSplitWord)
        end = start + scanned.length
        before = self.src[start - 1] if start else " "
        behind = self.src[end] if end < self.posMax else " "
        if canSplitWord and scanned.length == len("**") and before in _ENDING and behind.isalnum():
            return Scanned(scanned.can_open, True, scanned.length)
        if canSplitWord and before.isdigit() and behind.isdigit() and not self._marks_digits(start, end):
            return Scanned(False, False, scanned.length)
        if not canSplitWord or not (_is_wide(before) or _is_wide(behind)):
            return scanned
        return Scanned(not behind.isspace(), not before.isspace(), scanned.length)

    def _marks_digits(self, start: int, end: int) -> bool:
        """Return whether a run of stars is one of the two around digits, as in `12**3**45`."""
        run = self.src[start:end]
        if run == "*":
            return False
        earlier, later = self.src.rfind(run, 0, start), self.src.find(run, end)
        return (earlier >= 0 and self.src[earlier + len(run) : start].isdigit()) or (
            later >= 0 and self.src[end:later].isdigit()
        )


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in {"W", "F"}
