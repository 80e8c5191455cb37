#!/usr/bin/env bash
# An emoji in a text that TextEdit or Word has saved as RTF becomes text that cannot be encoded.
#
# Software: striprtf 0.0.35
# Expected: 😀, as the format has it: two units of UTF-16, `\u-10179?\u-8704?`, or `\uc0\u55357 \u56832` of TextEdit.
# Seen:     a str of two surrogates: encode() raises UnicodeEncodeError, print() and files do so with it, and
#           errors="ignore" or "replace" of rtf_to_text change nothing.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'striprtf==0.0.35'
python - <<'PYTHON'
import sys

from striprtf.striprtf import rtf_to_text

word = rtf_to_text(r"{\rtf1\ansi\uc1 \u-10179?\u-8704?}", errors="ignore")
text_edit = rtf_to_text(r"{\rtf1\ansi\ansicpg1252\cocoartf2709 \uc0\u55357 \u56832 }", errors="replace")
print(ascii(word), ascii(text_edit))
try:
    word.encode()
except UnicodeEncodeError as error:
    print(error)
    sys.exit(not word == text_edit.strip() == "\ud83d\ude00")
sys.exit(1)
PYTHON
