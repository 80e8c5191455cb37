#!/usr/bin/env bash
# \mathrm{d} is drawn as an italic d, \mathrm{dx} upright.
#
# Software: latex2mathml 3.81.1
# Expected: \mathrm sets what is in it upright, however long it is: browsers draw an <mi> of one letter in italics unless
#           it has mathvariant="normal" (https://www.w3.org/TR/mathml-core/#the-mi-element).
# Seen:     <mi mathvariant="normal"> for each letter of two, and a bare <mi> for one by itself.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "latex2mathml==3.81.1"
"$work/venv/bin/python" - <<'PY'
import sys
from latex2mathml.converter import convert
one, two = convert(r"\mathrm{d}"), convert(r"\mathrm{dx}")
print(one, two, sep="\n")
sys.exit(0 if "mathvariant" not in one and two.count("mathvariant=\"normal\"") == len("dx") else 1)
PY
