"""Reading what others wrote: every field may be missing, null or of another kind, and none of that is an error."""

import math
import re
from typing import Any

from chatapp.backend.store.imported import moment

_BACKTICKS = re.compile(r"`++")


def mapping(value: object) -> dict[str, Any]:
    """Return `value` if it is an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return `value` if it is a list, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list, or nothing."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def string(value: object) -> str:
    """Return `value` if it is text, or none."""
    return value if isinstance(value, str) else ""


def name(value: object) -> str | None:
    """Return an id or a name, which some write as a number; None where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return string(value) or None


def count(value: object) -> int | None:
    """Return a number of tokens, None where it is none that can be kept."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value < 2**31 else None


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
