"""What it costs a browser to draw Markdown, and how much is too much."""

DRAWN_COST = 150_000
SHOWN_CHARS = 50_000
"""How much of a text that is not drawn is shown."""

_COST_OF = {"]": 10, "$": 15, "\\(": 30, ">": 5, "\n": 3, "```": 40}
"""Measured in Chromium 156 with Streamlit 1.67, in characters of plain text: 40,000 of them take some half second to
draw, 160,000 four; as many with nothing but brackets, formulas, quotes or fences between 10 and 47."""


def is_drawable(markdown: str) -> bool:
    """Return whether drawing `markdown` leaves the page usable; a long answer of a model does."""
    cost = len(markdown)
    return cost <= DRAWN_COST and cost + sum(markdown.count(it) * each for it, each in _COST_OF.items()) <= DRAWN_COST


def beginning(text: str) -> str:
    """Return as much of a text that is not drawn as is shown of it."""
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
