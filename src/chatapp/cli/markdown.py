"""An answer as rendered Markdown that grows on a terminal."""

import io
import sys
import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

from chatapp.cli.terminal import printable
from chatapp.cli.whole_markdown import WholeMarkdown, parser

_LIVE_LINES = 8
"""Lines at the end that may still change their look; what is above is printed for good and can be scrolled to."""

_LEAST_PAUSE_S = 0.05

_CTRL_C_ECHO = len("^C")
"""Columns kept free at the right, where the echo of Ctrl-C would start a line that Live knows nothing of."""


class MarkdownAnswer:
    """Renders an answer while it grows. Rendering the whole of it takes longer and longer, so it is done less often."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout)
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="visible")
        self._parser = parser()
        self._text = ""
        self._printed = 0
        self._next_render = 0.0

    def add(self, text: str) -> None:
        """Take the next piece, and show it if the last look is old enough."""
        self._text += printable(text)
        if time.monotonic() >= self._next_render:
            self._render(is_last=False)

    def close(self) -> None:
        """Show all of it."""
        self._render(is_last=True)
        self._live.stop()

    def _render(self, *, is_last: bool) -> None:
        began = time.monotonic()
        if not self._live.is_started:
            self._live.start()
        lines = self._lines()
        final = len(lines) if is_last else max(self._printed, len(lines) - _LIVE_LINES)
        with self._console:  # gathers both into one write, so that nothing flickers
            self._live.update(_text_of(lines[final:]), refresh=True)
            if final > self._printed:
                self._console.print(_text_of(lines[self._printed : final]))
        self._printed = final
        now = time.monotonic()
        self._next_render = now + max(_LEAST_PAUSE_S, 10 * (now - began))

    def _lines(self) -> list[str]:
        page = io.StringIO()
        width = self._console.width - _CTRL_C_ECHO
        Console(file=page, force_terminal=True, width=width).print(WholeMarkdown(self._text, self._parser))
        return [line.rstrip() for line in page.getvalue().rstrip("\n").split("\n")]


def _text_of(lines: list[str]) -> Text:
    return Text.from_ansi("\n".join(lines))
