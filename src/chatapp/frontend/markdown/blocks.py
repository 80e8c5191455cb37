"""A growing answer in blocks, so that what has been drawn of it need not be drawn again."""

from chatapp.frontend.markdown.code import fenced_parts, lines_of, next_fence

_FORMULAS = ((r"\[", r"\]"), (r"\(", r"\)"), (r"\begin{", r"\end{"))


def split_blocks(markdown: str) -> list[str]:
    """Cut a growing answer into blocks; all but the last will not change any more, however much is added.

    A block is finished where an empty line follows it outside code and mathematics and the next one starts at the
    margin with a letter, so that lists, quotes and tables are never torn apart. Joined, the blocks are `markdown`.
    """
    blocks: list[str] = []
    start = offset = brackets = dollars = 0
    fence: str | None = None
    after_blank = False
    for line in lines_of(markdown):
        has_closed_math = brackets <= 0 and dollars % 2 == 0
        if fence is None and after_blank and has_closed_math and _starts_block(line):
            blocks.append(markdown[start:offset])
            start, brackets, dollars = offset, 0, 0
        fence = next_fence(fence, line)
        after_blank = not line.strip()
        offset += len(line)
        brackets += line.count("\\[") - line.count("\\]")
        dollars += line.count("$$")
    return [*blocks, markdown[start:]]


def without_open_math(markdown: str) -> str:
    """Leave out a formula at the end whose closing mark has not come yet; half of one looks like an error."""
    *_, last = fenced_parts(markdown)
    if last.is_code:
        return markdown
    text = last.text
    if text.count("$$") % 2:
        text = text[: text.rindex("$$")]
    for opening, closing in _FORMULAS:
        start = text.rfind(opening)
        if start > text.rfind(closing):
            text = text[:start]
    return markdown[: len(markdown) - len(last.text)] + text.removesuffix("\\")


def _starts_block(line: str) -> bool:
    return line[:1].isalpha() or line.startswith(("#", "**", "`", "$", "\\"))
