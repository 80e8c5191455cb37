#!/usr/bin/env bash
# Numbers in cells beside each other in a PDF become one number: 10 and 3 are 103.
#
# Software: pypdfium2 5.15.2, jspdf 4.2.1 with jspdf-autotable 5.0.9 (npm), and Node.js 18 or newer
# Expected: the same words from get_text_bounded(), whose bounds are those of the page where none are given, as from
#           get_text_range(): cells that stand centimetres apart have a blank or the end of a line between them.
# Seen:     "Cake 103" within the bounds, "Cake 10", "3" in the range. PDFium takes the wide gap for the end of a line
#           there, and within bounds leaves out the ends of lines that it has put in itself.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund jspdf@4.2.1 jspdf-autotable@5.0.9 >npm.log
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'pypdfium2==5.15.2'
node - <<'JS'
const { jsPDF } = require("jspdf");
const { autoTable } = require("jspdf-autotable");
const made = new jsPDF();
autoTable(made, { head: [["Name", "Qty", "Price"]], body: [["Tea", "2", "1.50"], ["Cake", "10", "3"]] });
made.save("prices.pdf");
JS
python - <<'PYTHON'
import sys

import pypdfium2

words = pypdfium2.PdfDocument("prices.pdf")[0].get_textpage()
within, whole = words.get_text_bounded(), words.get_text_range()
print(ascii(within), ascii(whole), sep="\n")
sys.exit(not ("Cake 103" in within and "103" not in whole and "10\r\n3" in whole))
PYTHON
