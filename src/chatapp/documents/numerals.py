"""Numbers of lists, as their authors have chosen to show them."""

import re

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LETTERS = 26
_MOST = 10_000
_MOST_DIGITS = 8
_FORMS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
"""What office programs call the forms that HTML names by their first number."""

_BEGIN, _END = "\U000f0000", "\U000f0001"
LABEL = f"{_BEGIN}{{}}{_END}"
"""What a label, such as `4.2`, stands in until a list or a paragraph is written with it."""

_LABELLED = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")


def number_in(told: object, usual: int) -> int:
    """Return the number that an attribute says, `usual` where it says none that a document would count to."""
    return int(told) if isinstance(told, str) and told.isdecimal() and len(told) <= _MOST_DIGITS else usual


def split_label(text: str) -> tuple[str | None, str]:
    """Return the label that a text begins with, None for none, and what is behind it."""
    found = _LABELLED.match(text)
    return (found[1], text[found.end() :].lstrip()) if found else (None, text)


def with_labels(text: str) -> str:
    """Return a text whose labels are written as they are."""
    return _LABELLED.sub(lambda found: f"{found[1]} " if found[1] else "", text)


def numeral(number: int, form: str) -> str:
    """Return a number as `form` shows it: `a`, `A`, `i` and `I` of HTML and OpenDocument, or as Word calls these."""
    kind = _FORMS.get(form, form)
    if kind.lower() not in {"a", "i"} or not 0 < number < _MOST:
        return f"0{number}" if kind == "decimalZero" and 0 <= number < 10 else str(number)  # noqa: PLR2004
    letters = _letters_of_office if form in _FORMS else _letters
    told = letters(number) if kind.lower() == "a" else _roman(number)
    return told.upper() if kind.isupper() else told


def _letters(number: int) -> str:
    told = ""
    while number:
        number, letter = divmod(number - 1, _LETTERS)
        told = chr(ord("a") + letter) + told
    return told


def _letters_of_office(number: int) -> str:
    """Return what is behind `z` in Word: `aa`, `bb`, `cc`."""
    times, letter = divmod(number - 1, _LETTERS)
    return chr(ord("a") + letter) * (times + 1)


def _roman(number: int) -> str:
    told = ""
    for value, sign in _ROMAN:
        told += sign * (number // value)
        number %= value
    return told
