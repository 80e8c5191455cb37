#!/usr/bin/env bash
# A document of Word that html-docx-js has made of a web page is empty for mammoth.
#
# Software: html-docx-js 0.3.1 (npm), mammoth 1.13.0, and Node.js 18 or newer
# Expected: the heading and the paragraph, as Word shows them.
# Seen:     no text, and one message: "An unrecognised element was ignored: w:altChunk". The body of the document is
#           that one element; the page lies beside it as it was, in a file of MIME that Word reads when it opens the
#           document. Who passes the text of a file on, and not the messages, passes an empty one on.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund html-docx-js@0.3.1 >npm.log
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'mammoth==1.13.0'
node - <<'JS'
const page = "<!DOCTYPE html><html><body><h1>Terms</h1><p>Pay within 30 days.</p></body></html>";
const made = require("html-docx-js").asBlob(page);
Promise.resolve(Buffer.isBuffer(made) ? made : made.arrayBuffer()).then((it) =>
  require("fs").writeFileSync("terms.docx", Buffer.from(it)));
JS
python - <<'PYTHON'
import sys
import zipfile

import mammoth

with zipfile.ZipFile("terms.docx") as archive:
    within = archive.read("word/afchunk.mht").decode()
with open("terms.docx", "rb") as file:
    told = mammoth.convert_to_html(file)
print("Pay within 30 days." in within, repr(told.value), *(it.message for it in told.messages))
sys.exit(not ("Pay within 30 days." in within and told.value == ""))
PYTHON
