"""Documents in RTF as they are shown: with notes, comments, headers and powers, and without what is hidden."""

import re
from collections.abc import Callable

from chatapp.documents.visible import as_power

_PIECE = re.compile(
    r"\\[{}\\]"
    r"|(\{\\\*\\fldinst[ \r\n]{0,2}(?:\{[^{}\"]{0,200})?)HYPERLINK[ \r\n]+\"((?:https?://|mailto:)[^\"{}\\]{1,2000})\""
    r"|\{(?:\\\*)?\\(footnote|annotation|header|footer|fldrslt)[lrf]?(?![a-z]) ?|[{}]"
)
"""A sign that is meant as such, where a link leads, the begin of a group that striprtf passes over, or of another, or
the end of one. Of striprtf's own links only the last of a line has its address."""

_MARKS = {
    "footnote": (" [Note: ", "]"),
    "annotation": (" [Comment: ", "]"),
    "header": ("Header: ", ""),
    "footer": ("Footer: ", ""),
}
_SWITCH = re.compile(r"\\(?:[{}\\]|(v|deleted|plain)(0?)(?![a-z0-9]) ?)|[{}]")
"""A sign that is meant as such, where hidden text begins or ends, the begin of a group, or its end."""
_RAISED = re.compile(
    r"\\(super|sub)(?![a-z0-9])[ \r\n]?((?:\\[a-z]{1,32}-?[0-9]{0,10}[ \r\n]?){0,8}+)"
    r"([0-9+\-=()n]{1,20})(?=\}|\\nosupersub)"
)
_END_OF_CELL = re.compile(r"(?<!\\)\\par(?=\s*+\}?+\s*+\\cell(?![a-z]))")
"""Pandoc ends the paragraph in a cell before the cell; behind another backslash it is a word."""
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def rich_text(raw: bytes) -> str:
    """Return the words of a document in RTF."""
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415 - only some files are RTF

    words: Callable[..., str] = rtf_to_text  # it has no types of its own
    shown = _END_OF_CELL.sub("", _RAISED.sub(_power, _without_hidden(raw.decode("latin-1"))))
    text = words(_with_notes(shown), errors="replace")
    return (
        _PAIRS.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
        .replace("\n]", "]")
        .strip()
    )


def _without_hidden(source: str) -> str:
    """Return a document without what is hidden or deleted, each from where it says so up to the end of its group."""
    kept: list[str] = []
    around: list[bool] = []
    begin, is_hidden = 0, False
    for piece in _SWITCH.finditer(source):
        if not is_hidden:
            kept.append(source[begin : piece.start()])
        if piece[0] == "{":
            around.append(is_hidden)
        elif piece[0] == "}":
            is_hidden = around.pop() if around else False
        elif piece[1]:
            is_hidden = piece[1] != "plain" and not piece[2]
        if not is_hidden or piece[0] in {"{", "}"}:
            kept.append(piece[0])
        begin = piece.end()
    return "".join([*kept, "" if is_hidden else source[begin:]])


def _with_notes(source: str) -> str:
    """Return a document in which groups beside the text are part of it, behind a mark."""
    ends: list[str] = []
    address = ""

    def told(piece: re.Match[str]) -> str:
        nonlocal address
        if piece[2]:
            address = "".join(piece[2].split())  # lines of the file may end within it
            ends.extend([""] * piece[1].count("{"))
            return piece[1]
        if piece[0].startswith("{"):
            begin, end = _MARKS.get(piece[3], ("", ""))
            if piece[3] == "fldrslt" and address:
                begin, end, address = "[", f"]({address})", ""
            ends.append(end)
            return f"{{{begin}"
        return f"{ends.pop() if ends else ''}}}" if piece[0] == "}" else piece[0]

    return _PIECE.sub(told, source)


def _power(found: re.Match[str]) -> str:
    power = as_power(found[3], is_raised=found[1] == "super")
    return f"{found[2]}{{\\uc0" + "".join(f"\\u{ord(sign)} " for sign in power) + "}"
