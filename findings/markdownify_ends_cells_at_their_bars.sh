#!/usr/bin/env bash
# A cell of a table with a bar in it, as of shells, formulas and types, is two cells in the Markdown of markdownify.
#
# Software: markdownify 1.2.3, markdown-it-py 4.0.0
# Expected: `| ls \| wc | counts |`: asterisks and underscores are escaped by default, where they change less.
# Seen:     `| ls | wc | counts |` in a table of two columns: a reader of Markdown drops "counts". With code in the cell it
#           is the same, also with escape_misc=True, which escapes bars elsewhere.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'markdownify==1.2.3' 'markdown-it-py==4.0.0'
python - <<'PYTHON'
import sys

from markdown_it import MarkdownIt
from markdownify import markdownify

TABLE = "<table><tr><th>command</th><th>does</th></tr><tr><td>{}</td><td>counts</td></tr></table>"
plain = markdownify(TABLE.format("ls | wc"))
code = markdownify(TABLE.format("<code>ls | wc</code>"), escape_misc=True)
drawn = MarkdownIt("commonmark").enable("table").render(plain)
print(plain, code, drawn)
sys.exit(not ("| ls | wc | counts |" in plain and "| `ls | wc` | counts |" in code and "counts" not in drawn))
PYTHON
