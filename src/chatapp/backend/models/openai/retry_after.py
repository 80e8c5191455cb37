"""How long a server wants us to wait, in whichever way it says so."""

import email.utils
import math
import time
from collections.abc import Mapping

from chatapp.backend.models.openai.said import ErrorWords

LONGEST_S = 86_400

_BEFORE = ("try again in ", "retry in ", "retry after ", "wait ", "available in ", "reset in ", "resets in ",
           "reset after ")  # fmt: skip
"""What stands before a length of time: Groq and OpenAI say "try again in 1.98s", Gemini "retry in 34.07s"."""

_UNITS_S = {"ms": 0.001, "millisecond": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60}
_UNITS_S |= {"h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
_ENDS = {"", ".", ",", ";", ")"}
"""What may stand behind a number without a unit."""


def retry_after_s(headers: Mapping[str, str], said: ErrorWords) -> int | None:
    """Return the whole seconds to wait, rounded up, or None where the server does not say.

    `retry-after-ms` comes before Retry-After (RFC 9110, 10.2.3: seconds or a date), and both before the words.
    """
    ms = _number(headers.get("retry-after-ms"))
    for seconds in (
        None if ms is None else ms / 1000,
        _seconds_or_date(headers.get("retry-after")),
        _length(said.delay_s),
        _length_in_words(said.words),
    ):
        if seconds is not None:
            return min(math.ceil(seconds), LONGEST_S)
    return None


def _seconds_or_date(value: str | None) -> float | None:
    if value is None or (seconds := _number(value)) is not None:
        return seconds if value else None
    try:
        return max(0.0, round(email.utils.parsedate_to_datetime(value).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return _length(value)


def _number(value: str | None) -> float | None:
    """Return a number that is one; `float` takes `nan`, `inf` and `1_0` too."""
    text = (value or "").strip()
    if not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return None
    return min(float(text), float(LONGEST_S * 1000))


def _length_in_words(words: str) -> float | None:
    for phrase in _BEFORE:
        at = words.find(phrase)
        if at >= 0 and (seconds := _length(words[at + len(phrase) : at + len(phrase) + 40])) is not None:
            return seconds
    return None


def _length(text: str) -> float | None:
    """Return the seconds of a length of time at the beginning of `text`: `1.98s`, `7m12s`, `20 seconds`, `34`."""
    total: float | None = None
    rest = text.strip().lower()
    while rest:
        digits = len(rest) - len(rest.lstrip("0123456789."))
        if (amount := _number(rest[:digits].rstrip("."))) is None:
            break
        rest = rest[digits:].lstrip()
        letters = len(rest) - len(rest.lstrip("abcdefghijklmnopqrstuvwxyz"))
        unit = rest[:letters]
        scale = _UNITS_S.get(unit, _UNITS_S.get(unit.removesuffix("s")) if len(unit) > 1 else None)
        if scale is None:
            return amount if total is None and not unit and rest[:1] in _ENDS else total
        total = (total or 0) + amount * scale
        rest = rest[letters:].lstrip()
    return total
