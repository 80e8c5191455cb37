#!/usr/bin/env bash
# Words over which a Japanese document of Word shows how they are read are missing from what mammoth makes of it.
#
# Software: mammoth 1.13.0
# Expected: 猫である, with the reading ねこ beside it or without it.
# Seen:     である: `w:ruby` is passed over with all that is in it; a message tells that an element of that name was,
#           and nothing of its words.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'mammoth==1.13.0'
python - <<'PYTHON'
import io
import sys
import zipfile

import mammoth

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def run(text):
    return f"<w:r><w:t>{text}</w:t></w:r>"


about = '<w:rubyPr><w:rubyAlign w:val="distributeSpace"/><w:hps w:val="10"/><w:hpsRaise w:val="18"/><w:hpsBaseText w:val="21"/><w:lid w:val="ja-JP"/></w:rubyPr>'
ruby = f"<w:r><w:ruby>{about}<w:rt>{run('ねこ')}</w:rt><w:rubyBase>{run('猫')}</w:rubyBase></w:ruby></w:r>"
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as archive:
    archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>')
    archive.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>')
    archive.writestr("word/document.xml", f'<w:document xmlns:w="{W}"><w:body><w:p>{ruby}{run("である")}</w:p></w:body></w:document>')
result = mammoth.convert_to_html(out)
print(result.value, [message.message for message in result.messages])
sys.exit(result.value != "<p>である</p>")
PYTHON
