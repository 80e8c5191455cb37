r"""What an answer's Markdown becomes on screen. Content is kept raw everywhere; only what is drawn goes through here.

Outside code, formulas get the dollars that Streamlit draws as mathematics and all other dollars stay signs, images
become links, so that nothing is loaded from elsewhere (the page's Content-Security-Policy would block it as well), and
Streamlit's own directives, icons and emoji such as `:red[…]` stay the text that the model wrote.

The text is cut once into the marks that matter and what is between them; every step after that looks at each piece
once, so that the time grows with the length of the text and not with its square.
"""

import re

from chatapp.frontend.markdown.code import Piece, code_spans, fenced_parts
from chatapp.frontend.markdown.formulas import with_formulas

_MARK = re.compile(
    r"""
    `+ | \$+ | ~+
    | \\(?:begin|end)\{[A-Za-z]{1,12}\*?\}
    | \\[^`\n] | \\                        # an escape
    | (?P<break>\n[ \t>]*(?=\n))           # an empty line, also in a quote
    | !?\[
    | \](?:\([^\s()$`\\]*)?                # the end of a label, with where its link goes
    | ://[^\s()<>\[\]`\\]*                 # the rest of an address
    | :[a-zA-Z][\w-]*(?=\[)                # a directive
    | (?<![\w:]):(?=(?:[+-]?1|100|1234|[a-zA-Z][\w+-]*):|material/)  # an icon
    | <[bB][rR][ ]?/?>
    """,
    re.VERBOSE,
)
_DEFINITION = re.compile(r"^[ \t>*+\-.)\d]*\[[^\[\]]+\]:", re.MULTILINE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+\-!|~$:&])")
_NUMBERED = re.compile(r"^([ \t]*\d{1,9})(?=[.)])", re.MULTILINE)
_LINKED = re.compile(r"://|@|\bwww(?=\.)|:(?=(?:[+-]?1|100|1234|[a-zA-Z][\w+-]*):|material/)")
_JOINER = "\N{WORD JOINER}"
"""Nothing on screen, and enough between two characters for them to be no address and no name of Streamlit's."""
_LINE_BREAK = "&#10;"
"""A line feed that Markdown does not see. Cells of tables break their lines there; elsewhere it is a blank."""


def display(markdown: str) -> str:
    """Return `markdown` as the page draws it."""
    has_names = _DEFINITION.search(markdown) is not None
    parts = fenced_parts(markdown)
    return "".join(part.text if part.is_code else _prose(part.text, has_names=has_names) for part in parts)


def literal(text: str) -> str:
    """Return Markdown that draws `text` as it is, for sentences that name addresses or quote what others wrote.

    Neither does an address in it become a link, nor a name between colons a picture.
    """
    return _NUMBERED.sub(r"\1\\", _SPECIAL.sub(r"\\\1", _LINKED.sub(rf"\g<0>{_JOINER}", text)))


def _prose(text: str, *, has_names: bool) -> str:
    """Return what is not code as the page draws it; `has_names`: an image may be given by its name alone."""
    pieces = _without_images(_with_code(_cut(text)), has_names=has_names)
    return "".join(piece.text if piece.is_final else _as_text(piece.text) for piece in with_formulas(pieces))


def _cut(text: str) -> list[Piece]:
    """Return the marks in `text` and what is between them; joined they are `text`."""
    pieces = []
    end = 0
    for mark in _MARK.finditer(text):
        if mark.start() > end:
            pieces.append(Piece(text[end : mark.start()]))
        pieces.append(Piece(mark[0], is_break=mark.lastgroup == "break"))
        end = mark.end()
    return [*pieces, Piece(text[end:])]


def _with_code(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with each code span in one, which stays as it is."""
    spans = code_spans(pieces)
    done = []
    place = 0
    while place < len(pieces):
        last = spans.get(place)
        if last is None:
            done.append(pieces[place])
        else:
            done.append(Piece("".join(piece.text for piece in pieces[place : last + 1]), is_final=True))
        place = (place if last is None else last) + 1
    return done


def _without_images(pieces: list[Piece], *, has_names: bool) -> list[Piece]:
    """Return the pieces with links in place of images: brackets are paired, so that any words may be in them."""
    done = list(pieces)
    opened: list[int] = []
    for place, piece in enumerate(pieces):
        if piece.is_break:
            opened.clear()
        elif piece.text in {"[", "!["}:
            opened.append(place)
        elif piece.text.startswith("]") and opened:
            first = opened.pop()
            is_link = piece.text != "]" or has_names or pieces[place + 1].text == "["
            if pieces[first].text == "![" and is_link:
                is_empty = not any(it.text.strip() for it in pieces[first + 1 : min(place, first + 3)])
                done[first] = Piece("[image" if is_empty else "[", is_final=True)
    return done


def _as_text(text: str) -> str:
    """Return a mark that has no part in a formula, or what is between marks, as it is drawn."""
    if text.startswith("://"):
        return text.replace("$", "%24")
    if text == "~":  # alone it would strike out all up to the next, as in 3~5 and 7~9
        return "\\~"
    if text == ":":
        return f":{_JOINER}"
    if text.startswith(":") and text[1:2].isalpha():
        return "\\" + text
    return _LINE_BREAK if text[:3].lower() == "<br" and text.endswith(">") else text
