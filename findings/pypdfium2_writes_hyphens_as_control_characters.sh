#!/usr/bin/env bash
# Words that a PDF divides at the end of a line come out of pypdfium2 with a control character for hyphen and line end.
#
# Software: pypdfium2 5.15.2
# Expected: `exam-` and `ple` on two lines are read as `exam-\r\nple`, as other line ends are, or as `example`.
# Seen:     get_text_bounded() has `exam\x02ple`, get_text_range() has `exam\ufffeple`, a code point that is no
#           character. A hyphen that belongs to a word, as in `well-known`, is replaced in the same way.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'pypdfium2==5.15.2'
python - <<'PYTHON'
import sys

import pypdfium2

drawn = "BT /F1 12 Tf 72 720 Td (an exam-) Tj 0 -14 Td (ple of well-) Tj 0 -14 Td (known words) Tj ET"
page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>"
bodies = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    page,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
]
out, places = "%PDF-1.4\n", []
for number, body in enumerate(bodies, 1):
    places.append(len(out))
    out += f"{number} 0 obj\n{body}\nendobj\n"
table = "".join(f"{place:010} 00000 n \n" for place in places)
count = len(bodies) + 1
out += f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
text = pypdfium2.PdfDocument(out.encode())[0].get_textpage()
bounded, ranged = text.get_text_bounded(), text.get_text_range()
print(ascii(bounded), ascii(ranged))
sys.exit(not (bounded == "an exam\x02ple of well\x02known words" and ranged == "an exam\ufffeple of well\ufffeknown words"))
PYTHON
