"""Brings the page's languages up to date with the code: `python tests/languages.py`, or `… fr` for one more."""

import sys

from support.catalogs import FOLDER, bring_up_to_date, catalogs

for file in sorted({*catalogs(), *(FOLDER / f"{code}.po" for code in sys.argv[1:])}):
    missing = bring_up_to_date(file)
    print(f"{file}: {len(missing)} to be translated", *missing, sep="\n  ")
