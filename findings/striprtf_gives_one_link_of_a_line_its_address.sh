#!/usr/bin/env bash
# Of the links in a line of RTF only the last keeps its address, and of those that LibreOffice writes none does.
#
# Software: striprtf 0.0.35
# Expected: one(https://a.example/) and two(https://b.example/): its source says of links that it "captures links like
#           link_text(http://link_dest)". TextEdit writes a paragraph as one line, in the form below.
# Seen:     one and two("https://b.example/"). Of the form of LibreOffice and Word, `{\*\fldinst HYPERLINK "..." }`, the
#           words alone are left.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'striprtf==0.0.35'
python - <<'PYTHON'
import sys

from striprtf.striprtf import rtf_to_text

HEAD = r"{\rtf1\ansi\ansicpg1252\cocoartf2822{\fonttbl\f0\fswiss Helvetica;}\pard\f0\fs24 "


def told(form):
    links = (form % (f"https://{name}.example/", words) for name, words in (("a", "one"), ("b", "two")))
    return rtf_to_text(HEAD + " and ".join(links) + ".}")


text_edit = r'{\field{\*\fldinst{HYPERLINK "%s"}}{\fldrslt %s}}'
alone = rtf_to_text(HEAD + text_edit % ("https://a.example/", "one") + ".}")
two = told(text_edit)
office = told(r'{\field{\*\fldinst HYPERLINK "%s" }{\fldrslt {%s}}}')
print(alone, two, office, sep="\n")
sys.exit((alone, two, office) != ('one("https://a.example/").', 'one and two("https://b.example/").', "one and two."))
PYTHON
