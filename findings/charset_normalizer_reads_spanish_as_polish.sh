#!/usr/bin/env bash
# A line of Spanish or French in the encoding of Windows is taken for Central European, so that ñ becomes ń.
#
# Software: charset-normalizer 3.5.3
# Expected: `from_bytes(...).best()` names cp1252 or latin_1 for text of which every letter is usual in them.
# Seen:     cp1250: `El niño está aquí, señor.` is read as `El nińo está aquí, seńor.`, `Crème brûlée à la carte` as
#           `Crčme brűlée ŕ la carte`; two words of German, `Müller 5 €`, are read as Cyrillic.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'charset-normalizer==3.5.3'
python - <<'PYTHON'
import sys

from charset_normalizer import from_bytes

texts = ("El niño está aquí, señor.", "Crème brûlée à la carte", "Müller 5 €")
read = [str(from_bytes(text.encode("cp1252")).best()) for text in texts]
print(read)
sys.exit(read[:2] != ["El nińo está aquí, seńor.", "Crčme brűlée ŕ la carte"] or read[2] == texts[2])
PYTHON
