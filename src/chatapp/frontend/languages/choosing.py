"""Which language a reader is shown: the one they have chosen, else the first that their browser asks for."""

from collections.abc import Iterator

from chatapp.frontend.languages.language import DEFAULT, Language, languages

_MOST_CHARS = 500


def language_for(chosen: str | None, accepted: str | None) -> Language:
    """Return the language of a reader; `accepted` is the Accept-Language header of their browser."""
    there = languages()
    if chosen and chosen in there:
        return there[chosen]
    return next((there[code] for code in _wanted(accepted or "") if code in there), there[DEFAULT])


def _wanted(accepted: str) -> Iterator[str]:
    """Return what a browser asks for, the dearest first; with `de-AT`, German will do."""
    parts = [part.partition(";") for part in accepted[:_MOST_CHARS].split(",")]
    ranked = sorted(parts, key=lambda part: _weight(part[2]), reverse=True)
    for name, _, weight in ranked:
        code = name.strip().lower()
        if _weight(weight) > 0:
            yield from dict.fromkeys((code, code.partition("-")[0]))


def _weight(told: str) -> float:
    """Return the weight of `q=0.8`, which is 1 where nothing is told, and 0 where it is no number."""
    name, _, number = told.strip().partition("=")
    if not name:
        return 1.0
    digits = number.strip()
    return float(digits) if digits.isascii() and digits.replace(".", "", 1).isdigit() else 0.0
