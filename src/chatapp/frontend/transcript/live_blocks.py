"""An answer in the making as HTML: only what has grown of it is sent.

A block that will not change any more is drawn for the last time; of the last one, what differs from before is sent.
"""

import time
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from chatapp.frontend.markdown.blocks import read_so_far, split_blocks, stands_by_itself, with_header
from chatapp.frontend.markdown.cost import beginning, is_drawable
from chatapp.frontend.markdown.plain_growth import words_behind
from chatapp.rendering.markdown import html_of, html_of_part, plain

_CHARS_PER_S = 30_000
"""So much of one block is drawn again in a second: the longer it is, the less often."""
_TAIL_CHARS = 5_000
"""What is shown of a block that is too large to be drawn while it grows: its end."""


class Growth(NamedTuple):
    """What becomes of a block: `kept` characters of its HTML stay, as JavaScript counts, and `html` comes behind them.

    Block -1 stands for all: they go.
    """

    block: int
    kept: int
    html: str


class LiveBlocks:
    """The blocks of a text that grows; each call of `grow` gives the whole of it so far."""

    is_behind = False
    """Whether the last call of `grow` has left something for later."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = ""
        self._finished = 0
        self._block = 0
        self._html = ""
        self._holds_back = False
        self._before: list[str] = []
        self._not_before = 0.0

    def grow(self, text: str, *, is_whole: bool = False) -> list[Growth]:
        """Return what `text` has more than the last time, nothing if that was only just drawn and it is not whole."""
        now = self._clock()
        self.is_behind = text != self._begun and now < self._not_before and not is_whole
        if self.is_behind or (text == self._begun and not (is_whole and self._holds_back)):
            return []
        if (growth := self._words(text)) is not None:
            return growth
        grown = self._begin_anew() if not text.startswith(self._begun[: self._finished]) else []
        *finished, last = split_blocks(text[self._finished :])
        grown += [self._finish(block) for block in finished]
        shown = last if is_whole else with_header(read_so_far(last))
        self._holds_back = shown != last
        grown.append(self._draw(_open_html(shown)))
        self._begun = text
        self._not_before = now + len(last) / _CHARS_PER_S
        return grown

    def whole_html(self) -> str | None:
        """Return the HTML of all that has grown, None where that is not known to be the same as of one text."""
        if self._holds_back or not stands_by_itself(self._begun) or not is_drawable(self._begun):
            return None
        return "".join((*self._before, self._html))

    def _words(self, text: str) -> list[Growth] | None:
        """Return what has grown if that is words and nothing else, which need no look at what is before them."""
        if self._holds_back or not text.startswith(self._begun):
            return None
        behind = words_behind(self._begun[self._finished :], text[len(self._begun) :], self._html)
        if behind is None:
            return None
        self._begun = text
        end, words = behind
        before, after = self._html[:end], self._html[end:]
        self._html = f"{before}{words}{after}"
        return [Growth(self._block, _length_in_javascript(before), words + after)] if words else []

    def _begin_anew(self) -> list[Growth]:
        self._finished = self._block = 0
        self._html = ""
        self._before.clear()
        return [Growth(-1, 0, "")]

    def _finish(self, block: str) -> Growth:
        growth = self._draw(self._finished_html(block))
        self._finished += len(block)
        self._block += 1
        self._before.append(self._html)
        self._html = ""
        return growth

    def _finished_html(self, block: str) -> str:
        """Return the HTML of a block, which is that of what is known of it where only words have come."""
        known = self._begun[self._finished :]
        if block.startswith(known) and not self._holds_back:
            more = block[len(known) :].rstrip("\n")
            if more and (behind := words_behind(known, more, self._html)) is not None:
                end, words = behind
                return f"{self._html[:end]}{words}{self._html[end:]}"
        return _drawn(block) if is_drawable(block) else plain(beginning(block))

    def _draw(self, html: str) -> Growth:
        kept = _shared_length(self._html, html)
        growth = Growth(self._block, _length_in_javascript(html[:kept]), html[kept:])
        self._html = html
        return growth


def _open_html(block: str) -> str:
    if is_drawable(block):
        return _drawn(block)
    return plain(f"…{block[-_TAIL_CHARS:]}")


def _drawn(block: str) -> str:
    return html_of_part(block) if "[^" in block else html_of(block, is_live=True)


def _shared_length(before: str, after: str) -> int:
    """Return how many characters both begin with."""
    most = min(len(before), len(after))
    return bisect_left(range(1, most + 1), True, key=lambda length: before[:length] != after[:length])


def _length_in_javascript(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", errors="surrogatepass")) // 2
