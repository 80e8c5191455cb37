"""HTML as Markdown, as answers in Google's Takeout are: one pass, in which an unknown tag is nothing but its words."""

import html
import re

from chatapp.backend.transfer.importers.fields import fenced, is_address, link

_TAG = re.compile(r"<(/?)([a-zA-Z0-9]*+)([^<>]*+)>")
_HREF = re.compile(r'href="([^"<>]*+)"')
_LANGUAGE = re.compile(r"language-([\w+#.-]{1,40}+)")
_BLANKS = re.compile(r"\s++")
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "del": "~~", "s": "~~"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = {"p", "div", "section", "article", "hr", *_HEADINGS}
_UNSEEN = {"script", "style", "template"}

MOST_DEEP = 20
"""Lists and quotations within each other, whose beginnings stand before each line."""


def markdown_of(text: str) -> str:
    """Return HTML as Markdown: headings, lists, tables, code, links and emphasis."""
    writer = _Writer()
    end = 0
    for tag in _TAG.finditer(text):
        writer.write(text[end : tag.start()])
        writer.tag(tag[2].lower(), tag[3], is_end=tag[1] == "/")
        end = tag.end()
    writer.write(text[end:])
    return writer.text()


class _Writer:
    """Gathers lines. What stands before each is in `_before`: the indentation of lists, the marks of quotations."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._before: list[str] = []
        self._above = ""
        self._marker: str | None = None
        self._numbers: list[int | None] = []
        self._wants_gap = False
        self._unseen: str | None = None
        self._code: list[str] | None = None
        self._language = ""
        self._link: tuple[int, str] | None = None
        self._cells: list[str] | None = None
        self._rows = 0

    def text(self) -> str:
        """Return what was written."""
        self._end_code()
        self._end_line()
        return "\n".join(self._lines).strip()

    def write(self, text: str) -> None:
        """Write words, with their blanks as a browser shows them."""
        if self._unseen is not None or not text:
            return
        if self._code is not None:
            self._code.append(html.unescape(text))
            return
        shown = _BLANKS.sub(" ", html.unescape(text))
        if self._line or (shown := shown.lstrip()):
            self._line.append(shown)

    def tag(self, name: str, attributes: str, *, is_end: bool) -> None:
        """Do what a tag asks for."""
        if name in _UNSEEN or self._unseen is not None:
            self._unseen = None if is_end and name == self._unseen else self._unseen or name
        elif self._code is not None:
            self._in_code(name, attributes, is_end=is_end)
        elif name in _MARKS:
            self._line.append(_MARKS[name])
        elif name == "br":
            self._end_line()
        elif name in _BLOCKS:
            self._block()
            self._line.extend([] if is_end or name not in _HEADINGS else [_HEADINGS[name]])
        elif name == "pre" and not is_end:
            self._block()
            self._code, self._language = [], ""
            self._in_code(name, attributes, is_end=False)
        elif name in {"ul", "ol", "li", "blockquote"}:
            self._nest(name, is_end=is_end)
        elif name in {"table", "tr", "th", "td"}:
            self._tabulate(name, is_end=is_end)
        elif name == "a":
            self._link_to(attributes, is_end=is_end)

    def _in_code(self, name: str, attributes: str, *, is_end: bool) -> None:
        if name == "pre" and is_end:
            self._end_code()
        elif (told := _LANGUAGE.search(attributes)) and not is_end:
            self._language = told[1]
        elif name == "br" and self._code is not None:
            self._code.append("\n")

    def _end_code(self) -> None:
        code, self._code = self._code, None
        if code is not None and (text := "".join(code)).strip():
            for line in fenced(text, self._language).split("\n"):
                self._add(line)
            self._wants_gap = True

    def _nest(self, name: str, *, is_end: bool) -> None:
        if name == "blockquote" or not self._numbers:
            self._block()
        else:
            self._end_line()
        if name == "li":
            self._begin_item(is_end=is_end)
        elif is_end:
            self._marker = None
            del self._before[-1:]
            del self._numbers[len(self._before) :]
        elif len(self._before) < MOST_DEEP:
            self._before.append("> " if name == "blockquote" else "")
            self._numbers.append(1 if name == "ol" else None)

    def _begin_item(self, *, is_end: bool) -> None:
        if is_end or not self._before:
            return
        number = self._numbers[-1]
        self._marker = "- " if number is None else f"{number}. "
        self._numbers[-1] = None if number is None else number + 1
        self._before[-1] = " " * len(self._marker)

    def _tabulate(self, name: str, *, is_end: bool) -> None:
        if name == "table":
            self._block()
            self._rows = 0
        elif name == "tr" and not is_end:
            self._end_line()
            self._cells = []
        elif name == "tr" and self._cells:
            self._add(f"| {' | '.join(self._cells)} |")
            if self._rows == 0:
                self._add("|" + " --- |" * len(self._cells))
            self._rows, self._cells = self._rows + 1, None
        elif self._cells is not None and is_end:
            self._cells.append("".join(self._line).strip().replace("|", "\\|"))
            self._line = []

    def _link_to(self, attributes: str, *, is_end: bool) -> None:
        if not is_end:
            told = _HREF.search(attributes)
            url = html.unescape(told[1]) if told else ""
            self._link = (len(self._line), url) if is_address(url) else None
        elif self._link is not None:
            start, url = self._link
            self._line[start:] = [link("".join(self._line[start:]).strip(), url)]
            self._link = None

    def _block(self) -> None:
        self._end_line()
        self._wants_gap = self._cells is None

    def _end_line(self) -> None:
        if self._cells is not None:  # a cell is one line
            self._line.extend([" "] if self._line else [])
            return
        line, self._line, self._link = "".join(self._line).rstrip(), [], None
        if line:
            self._add(line)

    def _add(self, line: str) -> None:
        before = "".join(self._before)
        if self._wants_gap and self._lines:
            self._lines.append(before.rstrip() if before == self._above else "")
        self._above = before
        if self._marker is not None:
            before = "".join(self._before[:-1]) + self._marker
        self._lines.append((before + line).rstrip())
        self._wants_gap, self._marker = False, None
