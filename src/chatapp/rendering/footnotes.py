"""Footnotes: `[^1]` in a text, and `[^1]: what it says` at the margin."""

import re
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from chatapp.rendering.directions import runs_from_right
from chatapp.rendering.lines import line_of

_LABEL = re.compile(r"\[\^([^\]\s]{1,40})\]")
_DEFINITION = re.compile(r"\[\^([^\]\s]{1,40})\]:")

_INDENT = 2


def add_footnotes(markdown: MarkdownIt) -> None:
    """Have `markdown` find footnotes. `footnotes_of` gives what they say, which belongs behind the text."""
    markdown.block.ruler.before("reference", "footnote", _definition, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.before("link", "footnote", _reference)
    markdown.add_render_rule("footnote", _number)


def footnotes_of(markdown: MarkdownIt, env: dict[str, Any]) -> str:
    """Return the footnotes of the text that was rendered with `env` as a numbered list, without any that it lacks.

    Those of a part (`is_part`) may be named in another.
    """
    notes, order = env.get("notes", {}), env.get("order", {})
    labels = dict.fromkeys((*order, *notes) if env.get("is_part") else order)
    said = "".join(_item(notes[label], markdown) for label in labels if label in notes)
    return f'<section class="footnotes" aria-label="Footnotes"><ol>{said}</ol></section>\n' if said else ""


def _item(note: str, markdown: MarkdownIt) -> str:
    way = ' dir="auto"' if runs_from_right(note) else ""
    return f'<li tabindex="-1"{way}>{markdown.renderInline(note)}</li>'


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    begin, stop = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    found = _DEFINITION.match(state.src, begin, stop)
    if found is None or state.is_code_block(start):
        return False
    if silent:
        return True
    last = _end_of(state, start, end)
    said = [state.src[found.end() : stop], *(line_of(state, line) for line in range(start + 1, last))]
    state.env.setdefault("notes", {}).setdefault(found[1], "\n".join(said).strip())
    state.line = last
    return True


def _end_of(state: StateBlock, start: int, end: int) -> int:
    """Return the line behind a footnote: its paragraphs after the first are indented."""
    last = line = start + 1
    while line < end and not _begins_another(state, line):
        is_indented = state.sCount[line] >= state.blkIndent + _INDENT
        if not state.isEmpty(line) and (state.sCount[line] < state.blkIndent or (line > last and not is_indented)):
            break
        line += 1
        if not state.isEmpty(line - 1):
            last = line
    return last


def _begins_another(state: StateBlock, line: int) -> bool:
    begin = state.bMarks[line] + state.tShift[line]
    return _DEFINITION.match(state.src, begin, state.eMarks[line]) is not None


def _reference(state: StateInline, silent: bool) -> bool:
    found = _LABEL.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "[" else None
    if found is None or not (found[1] in state.env.get("notes", {}) or state.env.get("is_part")):
        return False
    if not silent:
        order = state.env.setdefault("order", {})
        number = order.setdefault(found[1], len(order) + 1)
        token = state.push("footnote", "", 0)
        token.content = found[1] if state.env.get("is_part") else str(number)
    state.pos = found.end()
    return True


def _number(_self: Any, tokens: Any, index: int, _options: Any, env: Any) -> str:
    number = escape(tokens[index].content)
    if not env.get("is_live"):
        return f"<sup>{number}</sup>"
    return f'<sup><button type="button" class="note" aria-label="Footnote {number}">{number}</button></sup>'
