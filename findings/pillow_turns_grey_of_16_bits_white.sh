#!/usr/bin/env bash
# A grey picture of 16 bits, as scanners and microscopes make it, is white once Pillow has converted it to RGB.
#
# Software: Pillow 13.0.0
# Expected: 32,768 of 65,535, the middle of grey, becomes about 128 of 255, as it does for colours of 16 bits.
# Seen:     255: convert("RGB") and convert("L") cut off what is beyond 255, so that all but the darkest is white.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'pillow==13.0.0'
python - <<'PYTHON'
import io
import struct
import sys

from PIL import Image

png = io.BytesIO()
Image.frombytes("I;16", (2, 1), struct.pack("<2H", 200, 32768)).save(png, "PNG")
opened = Image.open(png)
rgb, grey = ([opened.convert(mode).getpixel((at, 0)) for at in (0, 1)] for mode in ("RGB", "L"))
print(opened.mode, rgb, grey)
sys.exit(rgb[1] != (255, 255, 255) or grey[1] != 255)
PYTHON
