#!/usr/bin/env bash
# Of a workbook that SheetJS has saved in binary (xlsb), each row has its first cell alone.
#
# Software: python-calamine 0.9.1, xlsx 0.18.5 (SheetJS, npm), and Node.js 18 or newer
# Expected: [['Name', 'Price', 'New'], ['Tea', 1.5, True]], as SheetJS and LibreOffice read it, and as python-calamine
#           reads the same workbook in xlsx. The library that it wraps, calamine, lists xlsb among what it reads.
# Seen:     [['Name'], ['Tea']], and no error. SheetJS writes cells that follow others in the short records of the
#           format (BrtShortSt, BrtShortReal, ...), which do not say in which column they are; Excel's own say it.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund xlsx@0.18.5 >npm.log
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'python-calamine==0.9.1'
node - <<'JS'
const XLSX = require("xlsx");
const book = XLSX.utils.book_new();
XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet([["Name", "Price", "New"], ["Tea", 1.5, true]]), "S");
for (const kind of ["xlsb", "xlsx"]) XLSX.writeFile(book, `prices.${kind}`, { bookType: kind });
console.log(JSON.stringify(XLSX.utils.sheet_to_json(XLSX.readFile("prices.xlsb").Sheets.S, { header: 1 })));
JS
python - <<'PYTHON'
import sys

from python_calamine import CalamineWorkbook

books = [CalamineWorkbook.from_path(f"prices.{kind}") for kind in ("xlsb", "xlsx")]
binary, plain = (book.get_sheet_by_name("S").to_python() for book in books)
print(binary, plain, sep="\n")
sys.exit((binary, plain) != ([["Name"], ["Tea"]], [["Name", "Price", "New"], ["Tea", 1.5, True]]))
PYTHON
