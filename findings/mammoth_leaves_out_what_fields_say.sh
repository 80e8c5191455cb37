#!/usr/bin/env bash
# Words in a simple field, as Word writes the numbers of captions and the names in form letters, are left out.
#
# Software: mammoth 1.13.0
# Expected: "Figure 1: The sea", as Word and LibreOffice show it, and as mammoth itself gives it where the field is
#           written in its long form (fldChar), with the same words in it.
# Seen:     "Figure : The sea", and a message that w:fldSimple was ignored. Ignored is what stands in it, too. So are
#           the words within w:bdo and w:dir, by which Word keeps the direction of Arabic and Hebrew.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'mammoth==1.13.0' 'python-docx==1.2.0'
python - <<'PYTHON'
import sys

import docx
import mammoth
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls


def run(words):
    return f'<w:r {nsdecls("w")}><w:t>{words}</w:t></w:r>'


def mark(kind):
    return f'<w:r {nsdecls("w")}><w:fldChar w:fldCharType="{kind}"/></w:r>'


SEQ = " SEQ Figure \\* ARABIC "
SIMPLE = f'<w:fldSimple {nsdecls("w")} w:instr="{SEQ}">{run(1)}</w:fldSimple>'
LONG = [mark("begin"), f'<w:r {nsdecls("w")}><w:instrText>{SEQ}</w:instrText></w:r>', mark("separate"), run(1), mark("end")]
WITHIN = f'<w:bdo {nsdecls("w")} w:val="rtl">{run(1)}</w:bdo>'

document = docx.Document()
for pieces in ([SIMPLE], LONG, [WITHIN]):
    caption = document.add_paragraph("Figure ")
    for piece in pieces:
        caption._p.append(parse_xml(piece))
    caption.add_run(": The sea")
document.save("caption.docx")
with open("caption.docx", "rb") as file:
    told = mammoth.extract_raw_text(file)
simple, written_out, within = told.value.split("\n\n")[:3]
print(simple, written_out, within, *{it.message for it in told.messages}, sep="\n")
sys.exit((simple, written_out, within) != ("Figure : The sea", "Figure 1: The sea", "Figure : The sea"))
PYTHON
