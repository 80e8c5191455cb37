"""How Excel shows numbers: per cents, units, and zeros before them."""

import re
from typing import NamedTuple, Self
from xml.etree import ElementTree

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_PIECE = re.compile(
    r'"([^"]*)"|\\(.)|\[(?:\$([^\[\]-]*+))?[^\[\]]*+\]|[_*].|(General|[0#?.,/]++(?: (?=[0#?]))?|E[+-]0++)|(%)|(.)',
    re.IGNORECASE,
)
"""A text in quotes, a sign, a currency and its country, what is for the eye alone, digits, anything else."""

_OF_TIMES = frozenset("ymdhsgbaYMDHSGB@")
_BUILT_IN = {9: "0%", 10: "0%"}
"""What has no code in the file, and tells more than a number (ECMA-376, part 1, 18.8.30)."""

_MOST_DIGITS = 15
"""Excel computes with no more: 0.1 + 0.2 is 0.3."""

_WHOLE_BELOW = 2**53
"""Programs write numbers of cards and orders with all their digits, of which Excel would round the last."""


class NumberFormat(NamedTuple):
    """What stands before and behind a number, how often it has its unit, and how many digits it has at least."""

    before: str = ""
    behind: str = ""
    scale: float = 1
    digits: int = 0

    @classmethod
    def parse(cls, code: str) -> Self:
        """Return what a format such as `#,##0.00 "kg"` tells beside the number; nothing where it is one of dates."""
        before, behind, digits, scale = "", "", "", 1.0
        for quoted, escaped, currency, place, percent, other in _PIECE.findall(code.partition(";")[0]):
            if other and other in _OF_TIMES:
                return cls()
            if place and behind:  # a number in groups, such as 000-00-0000
                return cls(digits=code.count("0") if not code.strip("0- ") else 0)
            digits += place
            scale *= 100 if percent else 1
            told = quoted or escaped or currency or percent or other
            before, behind = (before, behind + told) if digits else (before + told, behind)
        whole = digits.rstrip(" ")
        scale /= 1000 ** (len(whole) - len(whole.rstrip(",")))
        is_padded = len(whole) > 1 and not whole.strip("0")
        return cls(before.lstrip(), behind.rstrip(), scale, len(whole) if is_padded else 0)

    def shown(self, number: float) -> str:
        """Return a number as it is shown, but for what is rounded away."""
        told = in_digits(abs(number) * self.scale).zfill(self.digits)
        return f"{'-' if number < 0 else ''}{self.before}{told}{self.behind}"


def in_digits(number: float) -> str:
    """Return a number with as many digits as Excel has, a whole one with all of them."""
    is_whole = abs(number) < _WHOLE_BELOW and number == int(number)
    return str(int(number)) if is_whole else f"{number:.{_MOST_DIGITS}g}"


def telling_formats(styles: ElementTree.Element) -> dict[bytes, NumberFormat]:
    """Return, of the styles of a workbook, those whose format tells more than the number, by what cells call them."""
    codes = {node.get("numFmtId"): node.get("formatCode", "") for node in styles.iter(f"{SHEET}numFmt")}
    found: dict[bytes, NumberFormat] = {}
    for place, style in enumerate(styles.iterfind(f"{SHEET}cellXfs/{SHEET}xf")):
        id_ = style.get("numFmtId", "0")
        code = codes.get(id_) or _BUILT_IN.get(int(id_) if id_.isdecimal() else 0, "")
        if (told := NumberFormat.parse(code)) != NumberFormat():
            found[str(place).encode()] = told
    return found
