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
        self._live: Live | None = None
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
        self._render(is_last=True).stop()

    def _started(self) -> Live:
        """Return what draws: a new one where Ctrl-C came while one started, as that can neither go on nor stop.

        It takes nobody else's place, so that one that is dropped has nothing to give back.
        """
        if self._live is None:
            live = Live(
                console=Console(file=sys.stdout),
                auto_refresh=False,
                vertical_overflow="visible",
                redirect_stdout=False,
                redirect_stderr=False,
            )
            live.start()
            self._live = live
        return self._live

    def _render(self, *, is_last: bool) -> Live:
        began = time.monotonic()
        live = self._started()
        lines = self._lines(live.console.width - _CTRL_C_ECHO)
        final = len(lines) if is_last else max(self._printed, len(lines) - _LIVE_LINES)
        with live.console:  # gathers both into one write, so that nothing flickers
            live.update(_text_of(lines[final:]), refresh=True)
            if final > self._printed:
                live.console.print(_text_of(lines[self._printed : final]))
        self._printed = final
        now = time.monotonic()
        self._next_render = now + max(_LEAST_PAUSE_S, 10 * (now - began))
        return live

    def _lines(self, width: int) -> list[str]:
        page = io.StringIO()
        Console(file=page, force_terminal=True, width=width).print(WholeMarkdown(self._text, self._parser))
        return [line.rstrip() for line in page.getvalue().rstrip("\n").split("\n")]


def _text_of(lines: list[str]) -> Text:
    return Text.from_ansi("\n".join(lines))
