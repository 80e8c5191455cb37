r"""Which dollars and brackets in an answer are mathematics, as the page's renderer is to be told.

Streamlit pairs all dollars of a text once it has found one formula, so that prices next to it become formulas. Here a
dollar begins or ends one only by the rule of Pandoc (https://pandoc.org/MANUAL.html#math): no blank behind the first,
none before the next, and no digit behind that. Every other dollar gets a backslash. `\(…\)`, `\[…\]` and environments
that stand alone, such as `\begin{align}`, become dollars.

All functions here take the pieces of a text in order, and each looks at a piece once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chatapp.frontend.markdown.code import Piece

_ENVIRONMENTS = {"align", "align*", "alignat", "alignat*", "CD", "equation", "equation*", "gather", "gather*"}
"""What KaTeX draws without a formula around it: https://katex.org/docs/supported#environments"""
_ORDINALS = ("th", "st", "nd", "rd", "s")
"""What may be written right behind a formula, as in `$n$th`; other letters speak for `$HOME/$PATH`."""
_MARGIN = " \t>"


def with_formulas(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with every formula between dollars, and every other dollar as a mere sign."""
    for mark_of, formula in ((_dollars, _between_dollars), (_bracket, _between_brackets), (_environment, _environs)):
        pieces = _paired(pieces, mark_of, formula)
    return _with_single_dollars(pieces)


class _Mark(NamedTuple):
    name: str
    opens: bool
    closes: bool


class _Pair(NamedTuple):
    """Two marks and what is between them, and the text around them."""

    before: str
    opening: str
    inside: list[Piece]
    closing: str
    after: str

    @property
    def content(self) -> str:
        return "".join(piece.text for piece in self.inside)


def _paired(
    pieces: Sequence[Piece], mark_of: Callable[[str], _Mark | None], formula: Callable[[_Pair], str | None]
) -> list[Piece]:
    """Return the pieces with each pair of marks made one piece by `formula`, unless that gives None."""
    done: list[Piece] = []
    opened: dict[str, int] = {}
    for place, piece in enumerate(pieces):
        mark = None if piece.is_final else mark_of(piece.text)
        first = opened.pop(mark.name, None) if mark and mark.closes else None
        if first is not None:
            after = pieces[place + 1].text if place + 1 < len(pieces) else ""
            before = done[first - 1].text if first else ""
            drawn = formula(_Pair(before, done[first].text, done[first + 1 :], piece.text, after))
            if drawn is not None:
                done[first:] = [Piece(drawn, is_final=True)]
                opened.clear()
                continue
        if mark and mark.opens:
            opened.setdefault(mark.name, len(done))
        elif piece.is_final or (piece.is_break and mark_of is not _dollars):
            opened.clear()
        done.append(piece)
    return done


def _dollars(text: str) -> _Mark | None:
    return _Mark(text, opens=True, closes=True) if text == "$$" else None


def _between_dollars(pair: _Pair) -> str | None:
    """Return `$$…$$`; only dollars on lines of their own may have an empty line between them."""
    if any(piece.is_break for piece in pair.inside):
        content = pair.content
        is_block = (
            _begins_line(pair.before) and _ends_line(content) and _begins_line(content) and _ends_line(pair.after)
        )
        if not is_block:
            return None
    return f"$${pair.content}$$"


def _bracket(text: str) -> _Mark | None:
    if text in {r"\(", r"\["}:
        return _Mark(text[1], opens=True, closes=False)
    return _Mark("(" if text == r"\)" else "[", opens=False, closes=True) if text in {r"\)", r"\]"} else None


def _between_brackets(pair: _Pair) -> str | None:
    content = pair.content.strip()
    if not content:
        return None
    return _inline(content) if pair.opening == r"\(" else _display(pair, content)


def _environment(text: str) -> _Mark | None:
    word, _, name = text.rstrip("}").partition("{")
    if name not in _ENVIRONMENTS or word not in {r"\begin", r"\end"}:
        return None
    return _Mark(name, opens=word == r"\begin", closes=word == r"\end")


def _environs(pair: _Pair) -> str:
    return _display(pair, f"{pair.opening}{pair.content}{pair.closing}")


def _inline(content: str) -> str:
    """Return a formula in a line, on one line, which is where Streamlit looks for formulas."""
    first, *others = content.split("\n")
    content = " ".join([first, *(line.lstrip(_MARGIN) for line in others)])
    return f"$${content}$$" if "$" in content else f"${content}$"


def _display(pair: _Pair, content: str) -> str:
    """Return a formula between double dollars, on lines of its own where it had them."""
    if not (_begins_line(pair.before) and _ends_line(pair.after)):
        return f"$${content}$$"
    margin = pair.before.rpartition("\n")[2]
    content = content.strip(f"{_MARGIN}\n") if ">" in margin else content
    return f"$$\n{margin}{content}\n{margin}$$"


def _begins_line(before: str) -> bool:
    return not before.rpartition("\n")[2].strip(_MARGIN)


def _ends_line(after: str) -> bool:
    return not after.partition("\n")[0].strip()


def _with_single_dollars(pieces: Sequence[Piece]) -> list[Piece]:
    done: list[Piece] = []
    opened: int | None = None
    for place, piece in enumerate(pieces):
        if piece.is_final or piece.is_break or not piece.text.startswith("$"):
            opened = None if piece.is_final or piece.is_break else opened
            done.append(piece)
            continue
        before = pieces[place - 1].text if place else ""
        after = pieces[place + 1].text if place + 1 < len(pieces) else ""
        content = "".join(it.text for it in done[opened + 1 :]) if opened is not None else ""
        if piece.text == "$" and opened is not None and _is_closing(before, after) and not _is_price(content):
            done[opened:] = [Piece(_inline(content), is_final=True)]
            opened = None
            continue
        opened = len(done) if piece.text == "$" and after[:1].strip() else None
        done.append(Piece(piece.text.replace("$", r"\$"), is_final=True))
    return done


def _is_closing(before: str, after: str) -> bool:
    if not before[-1:].strip() or after[:1].isdigit():
        return False
    word = after[: max(map(len, _ORDINALS)) + 1]
    return not word[:1].isalpha() or any(
        word.startswith(end) and not word[len(end) :][:1].isalpha() for end in _ORDINALS
    )


def _is_price(content: str) -> bool:
    """Return whether what is between two dollars is an amount and words, as in "$5 or 6$ more"."""
    return content[:1].isdigit() and " " in content and not any(sign in content for sign in r"\^_{}=+")
