"""Markdown that grows on screen without being sent again and again.

`st.write_stream` sends the whole text with every chunk: megabytes for one long answer. Here a block that will not
change any more becomes an element of its own, and only the last one is sent again, the less often the longer it is.
"""

import time

from streamlit.delta_generator import DeltaGenerator

from chatapp.frontend.markdown.blocks import split_blocks, without_open_math
from chatapp.frontend.markdown.cost import beginning, is_drawable
from chatapp.frontend.markdown.rendering import display

_CURSOR = " ▍"
_BYTES_PER_S = 30_000
_TAIL_CHARS = 5_000
"""What is shown of a block that is too large to be drawn while it grows: its end."""


class GrowingText:
    """The text drawn in `place`; each call of `show` gives the whole of it so far."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._last = place.empty()
        self._finished = 0
        self._shown = 0
        self._not_before = 0.0

    def show(self, text: str) -> None:
        """Draw what `text` has more than the last time, unless that was only just drawn."""
        now = time.monotonic()
        if len(text) == self._shown or now < self._not_before:
            return
        *finished, last = split_blocks(text[self._finished :])
        for block in finished:
            self._finish(block)
        if is_drawable(last):
            self._last.markdown(display(without_open_math(last)) + _CURSOR, anchors=False)
        else:
            self._last.text(f"…{last[-_TAIL_CHARS:]}{_CURSOR}")
        self._shown = len(text)
        self._not_before = now + len(last) / _BYTES_PER_S

    def _finish(self, block: str) -> None:
        if is_drawable(block):
            self._last.markdown(display(block), anchors=False)
        else:
            self._last.text(beginning(block))
        self._last = self._place.empty()
        self._finished += len(block)
