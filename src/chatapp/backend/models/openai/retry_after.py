"""How long a server wants us to wait, in whichever way it says so."""

import email.utils
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from chatapp.backend.models.openai.said import ErrorWords

LONGEST_S = 86_400

_BEFORE = ("try again in ", "try again after ", "retry in ", "retry after ", "retry-after: ", "your request in ",
           "your request after ", "wait ", "available in ", "reset in ", "resets in ", "reset after ", "reset at ",
           "resets at ", "resets at: ", "seconds: ")  # fmt: skip
"""What stands before a length of time: Groq and OpenAI say "try again in 1.98s", Gemini "retry in 34.07s", Moonshot
"try again after 1 seconds".
"""
_FILLERS = ("about ", "approximately ", "another ", "at least ", "for ", "and ")

_UNITS_S = {"ms": 0.001, "millisecond": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60}
_UNITS_S |= {"h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
_ENDS = {"", ".", ",", ";", ")", "}"}
"""What may stand behind a number without a unit."""

_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-ratelimit-reset-after", "x-rate-limit-reset")
_TOGETHER = ("t=", "reset=")
"""What stands before the seconds in the one header RateLimit, of the draft as it is now and as it was."""
_KINDS = ("requests", "tokens", "requests-day", "requests-hour", "requests-minute", "tokens-day", "tokens-hour",
          "tokens-minute")  # fmt: skip
"""What OpenAI and those like it count apart, Cerebras by the day and by the minute: `x-ratelimit-reset-tokens` matters
where no tokens remain.
"""
_FIRST_MOMENT = 10**9
_FIRST_MOMENT_MS = 10**12
"""From here on a number is no length of time, but a moment: seconds or milliseconds since 1970."""
_DATE_CHARS = 40


def retry_after_s(headers: Mapping[str, str], said: ErrorWords) -> int | None:
    """Return the whole seconds to wait, rounded up, or None where the server does not say.

    `retry-after-ms` comes before Retry-After (RFC 9110, 10.2.3: seconds or a date), both before the words, and those
    before the headers that count.
    """
    ms = _number(headers.get("retry-after-ms"))
    found = (
        None if ms is None else ms / 1000,
        _length_or_date(headers.get("retry-after")),
        _length_or_date(said.delay_s),
        _length_in_words(said.words),
        *(_length_or_date(headers.get(name)) for name in _RESETS),
        _length_together(headers.get("ratelimit", "")),
        *(_length_or_date(headers.get(f"x-ratelimit-reset-{kind}")) for kind in _KINDS if _is_used_up(headers, kind)),
    )
    seconds = next((seconds for seconds in found if seconds is not None), None)
    return None if seconds is None else min(math.ceil(seconds), LONGEST_S)


def _length_together(header: str) -> float | None:
    told = (part.strip() for part in header.replace(",", ";").split(";"))
    return next((_number(part.partition("=")[2]) for part in told if part.startswith(_TOGETHER)), None)


def _is_used_up(headers: Mapping[str, str], kind: str) -> bool:
    return headers.get(f"x-ratelimit-remaining-{kind}") == "0"


def _length_or_date(value: str | None) -> float | None:
    """Return the seconds of a length of time, or until a date in one of three forms: HTTP's, ISO 8601's, Unix's."""
    if not value:
        return None
    if (seconds := _number(value)) is not None:
        moment = seconds / 1000 if seconds >= _FIRST_MOMENT_MS else seconds
        return max(0.0, round(moment - time.time())) if moment >= _FIRST_MOMENT else seconds
    with suppress(ValueError, OverflowError):
        return _until(email.utils.parsedate_to_datetime(value))
    return _length(value)


def _until(moment: datetime) -> float:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, round(aware.timestamp() - time.time()))


def _number(value: str | None) -> float | None:
    """Return a number that is one; `float` takes `nan`, `inf` and `1_0` too."""
    text = (value or "").strip()
    if not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return None
    return min(float(text), float(_FIRST_MOMENT_MS * 10))


def _length_in_words(words: str) -> float | None:
    for phrase in _BEFORE:
        at = words.find(phrase)
        if at >= 0 and (seconds := _length(words[at + len(phrase) : at + len(phrase) + _DATE_CHARS])) is not None:
            return seconds
    return None


def _length(text: str) -> float | None:
    """Return the seconds of a length of time at the beginning of `text`: `1.98s`, `7m12s`, `20 seconds`, `34`.

    `00:01:30`, `PT30S` and a date in the form of ISO 8601 are taken, too.
    """
    total: float | None = None
    rest = text[:_DATE_CHARS].strip().lower()
    if (special := _clock_or_date(rest.partition(" ")[0].rstrip(".,;)"))) is not None:
        return special
    rest = rest.removeprefix("pt")
    while rest:
        rest = _without_filler(rest)
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
        rest = rest[letters:].lstrip(" ,")
    return total


def _without_filler(text: str) -> str:
    filler = next((word for word in _FILLERS if text.startswith(word)), "")
    return text[len(filler) :]


def _clock_or_date(word: str) -> float | None:
    """Return the seconds of `00:01:30`, or until `2026-11-28T20:00:00Z`; None for what is neither."""
    parts = word.split(":", 3)
    if len(parts) == 3 and all(part.isdecimal() and len(part) == 2 for part in parts):  # noqa: PLR2004
        hours, minutes, seconds = map(int, parts)
        return float(hours * 3600 + minutes * 60 + seconds)
    if word[4:5] != "-":
        return None
    with suppress(ValueError, OverflowError):
        return _until(datetime.fromisoformat(word.upper()))
    return None
