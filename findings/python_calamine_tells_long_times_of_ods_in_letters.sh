#!/usr/bin/env bash
# Hours beyond a day are a timedelta from xlsx, and from ods a text for machines; a cell with an error is an empty one.
#
# Software: python-calamine 0.9.1
# Expected: from a spreadsheet of LibreOffice timedelta(hours=30, minutes=30), as from Excel, since 23 hours are a time
#           from both; and something other than an empty cell for #DIV/0!.
# Seen:     time(23, 0) for PT23H, but the str "PT30H30M00S" for PT30H30M00S; "" for the error.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'python-calamine==0.9.1'
python - <<'PYTHON'
import datetime
import io
import sys
import zipfile

from python_calamine import CalamineWorkbook

ODF = "urn:oasis:names:tc:opendocument:xmlns"
KIND = "application/vnd.oasis.opendocument.spreadsheet"
names = " ".join(f'xmlns:{name}="{ODF}:{name}:1.0"' for name in ("office", "table", "text"))
names += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
times = "".join(
    f'<table:table-cell office:value-type="time" office:time-value="{told}"><text:p>{shown}</text:p></table:table-cell>'
    for told, shown in (("PT23H00M00S", "23:00:00"), ("PT30H30M00S", "30:30:00"))
)
error = '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
row = f"<table:table-row>{times}{error}<table:table-cell office:value-type=\"string\"><text:p>end</text:p></table:table-cell></table:table-row>"
content = f'<office:document-content {names} office:version="1.3"><office:body><office:spreadsheet><table:table table:name="T">{row}</table:table></office:spreadsheet></office:body></office:document-content>'
manifest = f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{KIND}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as archive:
    for name, member in (("mimetype", KIND), ("content.xml", content), ("META-INF/manifest.xml", manifest)):
        archive.writestr(name, member)
out.seek(0)
(cells,) = CalamineWorkbook.from_object(out).get_sheet_by_index(0).to_python()
print(cells)
sys.exit(cells != [datetime.time(23, 0), "PT30H30M00S", "", "end"])
PYTHON
