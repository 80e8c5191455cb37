r"""What an answer's Markdown becomes on screen. Content is kept raw everywhere; only what is drawn goes through here.

Outside code, `\(…\)` and `\[…\]` become the dollars that Streamlit draws as mathematics, images become links, so
that nothing is loaded from elsewhere (the page's Content-Security-Policy would block it as well), and Streamlit's own
directives such as `:red[…]` stay the text that the model wrote.
"""

import re
from typing import NamedTuple

_FENCE = re.compile(r"^[ \t>*+\-\d.)]*?(`{3,}|~{3,})[^`\n]*$")
_WITHIN_PARAGRAPH = r"(?:(?!\n[ \t]*\n).)+?"
_CODE_SPAN = re.compile(rf"(?<!`)(`+)(?!`){_WITHIN_PARAGRAPH}(?<!`)\1(?!`)", re.DOTALL)
_DISPLAY_MATH = re.compile(rf"(^[ \t]*)?(?<!\\)\\\[({_WITHIN_PARAGRAPH})\\\]", re.DOTALL | re.MULTILINE)
_INLINE_MATH = re.compile(rf"(?<!\\)\\\(({_WITHIN_PARAGRAPH})\\\)", re.DOTALL)
_IMAGE = re.compile(r"(?<!\\)!\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?=[(\[])")
_IMAGE_BY_NAME = re.compile(r"(?<!\\)!(?=\[[^\[\]]+\])")
_DEFINITION = re.compile(r"^[ >]*\[[^\[\]]+\]:", re.MULTILINE)
_DIRECTIVE = re.compile(r"(?<![\\:]):(?=[a-zA-Z][\w-]*\[)")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+\-!|~$:])")


def display(markdown: str) -> str:
    """Return `markdown` as the page draws it."""
    names = _DEFINITION.search(markdown) is not None
    return "".join(part.text if part.is_code else _prose(part.text, has_names=names) for part in _parts(markdown))


def literal(text: str) -> str:
    """Return Markdown that draws `text` as it is, for sentences that name addresses or quote what others wrote."""
    return _SPECIAL.sub(r"\\\1", text)


def split_blocks(markdown: str) -> list[str]:
    """Cut a growing answer into blocks; all but the last will not change any more, however much is added.

    A block is finished where an empty line follows it outside code and mathematics and the next one starts at the
    margin with a letter, so that lists, quotes and tables are never torn apart. Joined, the blocks are `markdown`.
    """
    blocks: list[str] = []
    start = offset = 0
    fence: str | None = None
    after_blank = False
    for line in markdown.splitlines(keepends=True):
        if fence is None and after_blank and _starts_block(line) and _has_closed_math(markdown[start:offset]):
            blocks.append(markdown[start:offset])
            start = offset
        fence = _next_fence(fence, line)
        after_blank = not line.strip()
        offset += len(line)
    return [*blocks, markdown[start:]]


def without_open_math(markdown: str) -> str:
    """Leave out a formula at the end whose closing mark has not come yet; half of one looks like an error."""
    for opening, closing in (("\\[", "\\]"), ("\\(", "\\)")):
        start = markdown.rfind(opening)
        if start > markdown.rfind(closing):
            markdown = markdown[:start]
    return markdown.removesuffix("\\")


class _Part(NamedTuple):
    text: str
    is_code: bool


def _parts(markdown: str) -> list[_Part]:
    """Return the text as runs of code and of everything else, in order."""
    parts: list[_Part] = []
    prose: list[str] = []
    code: list[str] = []
    fence: str | None = None
    for line in markdown.splitlines(keepends=True):
        before, fence = fence, _next_fence(fence, line)
        (code if before or fence else prose).append(line)
        if before is None and fence is not None:
            parts += _without_spans("".join(prose))
            prose = []
        elif before is not None and fence is None:
            parts.append(_Part("".join(code), True))
            code = []
    return [*parts, *_without_spans("".join(prose)), _Part("".join(code), True)]


def _next_fence(fence: str | None, line: str) -> str | None:
    """Return the fence that is open behind `line`, if `fence` was open before it."""
    if fence is not None:
        mark = line.strip().lstrip("> \t")
        is_closing = len(mark) >= len(fence) and set(mark) == {fence[0]}
        return None if is_closing else fence
    match = _FENCE.match(line.rstrip("\r\n"))
    return match[1] if match else None


def _without_spans(prose: str) -> list[_Part]:
    parts: list[_Part] = []
    end = 0
    for span in _CODE_SPAN.finditer(prose):
        parts += [_Part(prose[end : span.start()], False), _Part(span[0], True)]
        end = span.end()
    return [*parts, _Part(prose[end:], False)]


def _prose(text: str, *, has_names: bool) -> str:
    """Return what is not code as the page draws it; `has_names`: an image may be given by its name alone."""
    text = _INLINE_MATH.sub(lambda math: f"${math[1].strip()}$", _DISPLAY_MATH.sub(_display_math, text))
    text = _IMAGE.sub(lambda image: f"[{image[1].strip() or 'image'}]", text)
    if has_names:
        text = _IMAGE_BY_NAME.sub("", text)
    return _DIRECTIVE.sub(r"\\:", text)


def _display_math(math: re.Match[str]) -> str:
    """Return a formula between double dollars, on lines of its own where it began a line."""
    indent, formula = math[1], math[2].strip()
    return f"$${formula}$$" if indent is None else f"{indent}$$\n{indent}{formula}\n{indent}$$"


def _starts_block(line: str) -> bool:
    return line[:1].isalpha() or line.startswith(("#", "**", "`", "$", "\\"))


def _has_closed_math(block: str) -> bool:
    return block.count("\\[") <= block.count("\\]") and block.count("$$") % 2 == 0
