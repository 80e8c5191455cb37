"""Lists of tasks: items that begin with `[ ]` or `[x]`."""

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_BOXES = {"[ ] ": ("☐", "Open"), "[x] ": ("☑", "Done"), "[X] ": ("☑", "Done")}
_MARK_LENGTH = 4
_EMPTY = frozenset(mark.strip() for mark in _BOXES)
"""Items that say nothing, or not yet."""


def add_task_lists(markdown: MarkdownIt) -> None:
    """Have `markdown` draw boxes in lists of tasks."""
    markdown.core.ruler.after("inline", "tasks", _mark)
    markdown.add_render_rule("task", _box)


def _mark(state: StateCore) -> None:
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not inline.children:
            continue
        first = inline.children[0]
        if first.type == "text" and first.content in _EMPTY:
            first.content += " "
        if first.type == "text" and first.content[:_MARK_LENGTH] in _BOXES:
            box = Token("task", "", 0, content=first.content[:_MARK_LENGTH])
            first.content = first.content[_MARK_LENGTH:]
            inline.children.insert(0, box)
            item.attrSet("class", "task")


def _box(_self: object, tokens: list[Token], index: int, *_: object) -> str:
    sign, name = _BOXES[tokens[index].content]
    return f'<span class="box" role="img" aria-label="{name}">{sign}</span> '
