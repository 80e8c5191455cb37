"""What one session's browser is told of the list of conversations: only what it does not show yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from chatapp.frontend.conversations.differences import difference

Line = Mapping[str, Any]
"""A conversation as its row shows it, or a heading."""


class ListNews:
    """The lines that a browser shows, and the words and menus of all of them.

    Each state of them has a number, and what is told says which state it leads on from. A browser that shows another,
    since Streamlit left a message out, asks for all.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.common: Line = {}
        self._number = 0
        self._is_known = False

    def forget(self) -> None:
        """Tell all of it the next time."""
        self._is_known = False

    def tell(self, lines: Sequence[Line], common: Line) -> dict[str, Any]:
        """Return what the browser is told, so that it shows `lines`; `common` goes along where it has changed."""
        before = self.lines if self._is_known else []
        news = difference(before, lines)
        base = self._number if self._is_known else 0
        is_common_new = base == 0 or common != self.common
        if is_common_new or news.between or len(lines) != len(before):
            self._number += 1
        self.lines, self.common, self._is_known = list(lines), common, True
        told = {"base": base, "number": self._number, "head": news.head, "lines": news.between, "tail": news.tail}
        return {**told, "common": common} if is_common_new else told
