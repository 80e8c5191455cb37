#!/usr/bin/env bash
# Words in Arabic come out of pypdfium2 backwards where Chromium, whose own library PDFium is, has written the PDF.
#
# Software: pypdfium2 5.15.2
# Expected: the word مرحبا, which reads so where Hebrew, or LibreOffice's Arabic, is read.
# Seen:     ابحرم: its letters from left to right. Chromium (156, --print-to-pdf), and what is built on Skia as it is,
#           says of each letter by /ActualText which it is, within /ReversedChars; letters so named are not put in order,
#           others are. poppler's pdftotext 22.12 reads مرحبا.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'pypdfium2==5.15.2'
python - <<'PYTHON'
import sys

import pypdfium2

WORD = "\u0645\u0631\u062d\u0628\u0627"
letters = "".join(f"/Span <</ActualText <FEFF{ord(letter):04X}>>> BDC (x) Tj EMC\n" for letter in reversed(WORD))
drawn = f"BT /F1 12 Tf 72 720 Td /ReversedChars BMC\n{letters}EMC ET"
page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>"
bodies = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    page,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
]
out, places = "%PDF-1.5\n", []
for number, body in enumerate(bodies, 1):
    places.append(len(out))
    out += f"{number} 0 obj\n{body}\nendobj\n"
table = "".join(f"{place:010} 00000 n \n" for place in places)
count = len(bodies) + 1
out += f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
said = pypdfium2.PdfDocument(out.encode())[0].get_textpage().get_text_bounded()
print(ascii(said), "backwards" if said == WORD[::-1] else "")
sys.exit(said != WORD[::-1])
PYTHON
