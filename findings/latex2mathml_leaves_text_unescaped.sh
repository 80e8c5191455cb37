#!/usr/bin/env bash
# A "less than" in \text{…} makes MathML that no XML reader takes.
#
# Software: latex2mathml 3.81.1
# Expected: what is said in \text{…} is escaped, as a `<` in the formula itself is.
# Seen:     convert() writes <mtext>a < b</mtext>: it resolves the entities of the whole string after it was escaped. The
#           tree of convert_to_element() is sound; there it is the operators that hold entities as text.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "latex2mathml==3.81.1"
"$work/venv/bin/python" - <<'PY'
import sys
from xml.etree.ElementTree import ParseError, fromstring
from latex2mathml.converter import convert
formula, words = convert("a < b"), convert(r"x \text{ if a < b}")
print(formula, words, sep="\n")
fromstring(formula)
try:
    fromstring(words)
except ParseError as error:
    print("not well-formed:", error)
    sys.exit(0)
sys.exit(1)
PY
