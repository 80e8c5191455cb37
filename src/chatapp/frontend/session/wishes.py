"""What a browser remembers of how its reader wants the page, in a cookie: only what differs from the settings."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from chatapp.config.settings import Settings

_MOST_CHARS, _MOST_SECONDS = 1000, 3600


class Wishes(NamedTuple):
    """Whether answers are streamed, how long to wait for them, the model of new conversations, and the language.

    None is as set, and for the language what the browser asks for.
    """

    is_streamed: bool | None = None
    timeout_s: float | None = None
    model: str | None = None
    language: str | None = None


def wishes_cookie(settings: Settings) -> str:
    """Return the cookie's name: each page of a machine has its own."""
    return f"chatapp_wishes_{settings.ui_port}"


def read_wishes(cookies: Mapping[str, str], settings: Settings) -> Wishes:
    """Return what the browser remembers, without what cannot be."""
    told = dict(parse_qsl(cookies.get(wishes_cookie(settings), "")[:_MOST_CHARS]))
    streaming = {"on": True, "off": False}.get(told.get("streaming", ""))
    timeout = told.get("timeout", "")
    seconds = (
        float(timeout) if timeout.isascii() and timeout.isdigit() and len(timeout) <= len(str(_MOST_SECONDS)) else 0
    )
    return Wishes(
        streaming,
        seconds if 1 <= seconds <= _MOST_SECONDS else None,
        told.get("model") or None,
        told.get("language") or None,
    )


def wishes_text(wishes: Wishes, settings: Settings) -> str:
    """Return what the browser is to remember, as it stands in the cookie."""
    told: dict[str, object] = {}
    if wishes.is_streamed not in {None, settings.use_streaming}:
        told["streaming"] = "on" if wishes.is_streamed else "off"
    if wishes.timeout_s not in {None, settings.request_timeout}:
        told["timeout"] = round(wishes.timeout_s or 0)
    if wishes.model:
        told["model"] = wishes.model
    if wishes.language:
        told["language"] = wishes.language
    return urlencode(told)[:_MOST_CHARS]
