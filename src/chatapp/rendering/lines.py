"""Lines of a text while its blocks are found."""

from markdown_it.rules_block import StateBlock


def line_of(state: StateBlock, line: int) -> str:
    """Return what stands on a line, without what is before it: blanks, and marks of lists and quotations around it."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
