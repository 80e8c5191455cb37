"""Reading what others wrote: every field may be missing, null or of another kind, and none of that is an error."""

import json
import math
import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from chatapp.backend.store.imported import moment
from chatapp.backend.transfer.importers.budget import MAX_VALUES
from chatapp.backend.transfer.importers.json_text import values_in

Json = dict[str, Any]
"""What others wrote; nothing is sure of its fields."""

MOST_SECONDS = 1_000_000
"""Beyond it a time that something took is none."""

_BACKTICKS = re.compile(r"`++")


def mapping(value: object) -> Json:
    """Return `value` if it is an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return `value` if it is a list, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: object) -> list[Json]:
    """Return the objects in a list, or nothing."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def string(value: object) -> str:
    """Return `value` if it is text, or none."""
    return value if isinstance(value, str) else ""


def decoded(value: object) -> object:
    """Return what a text of JSON says, also with lines that are not escaped; None where it is none, or is too much."""
    text = string(value)
    try:
        return None if values_in(text) > MAX_VALUES else json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def name(value: object) -> str | None:
    """Return an id or a name, which some write as a number; None where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return string(value) or None


def digest(text: str) -> str:
    """Return a name for what has none of its own."""
    return blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def count(value: object) -> int | None:
    """Return a number of tokens, None where it is none that can be kept."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value < 2**31 else None


def milliseconds(seconds: object) -> int | None:
    """Return how long something took, of a number of seconds or a text with one; None where it is none."""
    try:
        took = float(seconds) if isinstance(seconds, int | float | str) and not isinstance(seconds, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return round(took * 1000) if 0 <= took < MOST_SECONDS else None


def milliseconds_between(start: object, end: object) -> int | None:
    """Return how long it took from one moment to another, None where one of them is none."""
    began, ended = time(start), time(end)
    return milliseconds((ended - began).total_seconds()) if began and ended else None


def total(numbers: Iterable[int | None]) -> int | None:
    """Return the sum of what is known, None where nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def time(value: object) -> Any:
    """Return the moment that a number or a text of any usual form means, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return moment(value)


def paragraphs(*texts: str) -> str:
    """Return the texts that are not empty, with a blank line between two."""
    return "\n\n".join(text for text in (text.strip("\n") for text in texts) if text)


def is_address(url: object) -> bool:
    """Return whether `url` is an address of the web that can stand in a link."""
    return isinstance(url, str) and url.startswith(("https://", "http://")) and not set(url) & set(" ()<>\n")


def link(title: object, url: str) -> str:
    """Return a link in Markdown, under the host's name where it has no title."""
    label = string(title) or url.split("/")[2]
    return f"[{' '.join(label.replace('[', '(').replace(']', ')').split())}]({url})"


def fenced(text: str, language: str = "") -> str:
    """Return `text` as a block of code, in a fence that it does not hold itself."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"
