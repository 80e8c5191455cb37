r"""Chemistry in formulas: `\ce{…}` of mhchem as TeX that `latex2mathml` reads (https://mhchem.github.io/MathJax-mhchem/)."""

import re
from collections.abc import Iterator

_BEGIN = "\\ce{"
_ARROWS = {"->": "rightarrow", "<-": "leftarrow", "<=>": "rightleftharpoons", "<->": "leftrightarrow"}
_PIECE = re.compile(
    r"(?P<arrow><=>|<->|->|<-)(?:\[(?P<over>[^\[\]]*)\](?:\[(?P<under>[^\[\]]*)\])?)?"
    r"|(?P<letters>[A-Z][a-z]?|[a-z]+)"
    r"|(?P<number>\d+\.\d+(?=\s)|\d+(?:/\d+)?)"
    r"|(?P<script>[\^_])(?:\{(?P<within>[^{}]*)\}|(?P<sign>\d*[+-]|\w))"
    r"|(?P<charge>[+-](?=[\s()\]]|$))"
    r"|(?P<command>\\[A-Za-z]+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_OTHERS = {".": r"\cdot ", "*": r"\cdot ", "#": r"\equiv ", "{": "", "}": "", "$": ""}


def with_chemistry(tex: str) -> str:
    r"""Return a formula with what stands in each `\ce{…}` as ordinary TeX; one without an end stays."""
    done, place = "", 0
    while (begin := tex.find(_BEGIN, place)) >= 0 and (end := _end_of(tex, begin + len(_BEGIN))) >= 0:
        done += f"{tex[place:begin]}{{{''.join(_pieces(tex[begin + len(_BEGIN) : end]))}}}"
        place = end + 1
    return done + tex[place:]


def _end_of(tex: str, begin: int) -> int:
    depth = 1
    for place in range(begin, len(tex)):
        depth += (tex[place] == "{") - (tex[place] == "}")
        if not depth:
            return place
    return -1


def _pieces(chemistry: str) -> Iterator[str]:
    is_behind = False  # an atom or a bracket: a number there counts it, and a sign is its charge
    for piece in _PIECE.finditer(chemistry):
        what = piece.lastgroup
        if piece["arrow"]:
            yield _arrow(piece["arrow"], piece["over"], piece["under"])
        elif what == "letters":
            yield f"\\text{{{piece[0]}}}"
        elif what == "number":
            yield f"_{{{piece[0]}}}" if is_behind else f"{piece[0]}\\,"
        elif piece["script"]:
            yield f"{piece['script']}{{{piece['within'] or piece['sign'] or ''}}}"
        elif what == "charge":
            yield f"^{{{piece[0]}}}" if is_behind else piece[0]
        elif what == "command":
            yield f"{piece[0]} "
        else:
            yield _OTHERS.get(piece[0], piece[0])
        is_behind = (
            what == "letters" or piece[0] in {")", "]"} or bool(is_behind and (what == "number" or piece["script"]))
        )


def _arrow(arrow: str, over: str | None, under: str | None) -> str:
    if over is None or arrow not in {"->", "<-"}:
        return f"\\{_ARROWS[arrow]} "
    below = f"[{''.join(_pieces(under))}]" if under else ""
    return f"\\x{_ARROWS[arrow]}{below}{{{''.join(_pieces(over))}}}"
