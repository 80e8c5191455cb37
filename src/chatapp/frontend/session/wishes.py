"""What a browser remembers of how its reader wants the page, in a cookie: only what differs from the settings."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from chatapp.config.settings import Settings

MOST_INSTRUCTIONS = 1000
_MOST_CHARS, _MOST_SECONDS = 4000, 3600
"""Browsers keep cookies of 4,096 bytes."""


class Wishes(NamedTuple):
    """Whether answers are streamed, how long to wait for them, model and instructions of new chats, and the language.

    None is as set, and for the language what the browser asks for.
    """

    is_streamed: bool | None = None
    timeout_s: float | None = None
    model: str | None = None
    language: str | None = None
    instructions: str | None = None


def wishes_cookie(settings: Settings) -> str:
    """Return the cookie's name: each page of a machine has its own."""
    return f"chatapp_wishes_{settings.ui_port}"


def read_wishes(cookies: Mapping[str, str], settings: Settings) -> Wishes:
    """Return what the browser remembers, without what cannot be."""
    fields = dict(parse_qsl(cookies.get(wishes_cookie(settings), "")[:_MOST_CHARS]))
    streaming = {"on": True, "off": False}.get(fields.get("streaming", ""))
    timeout = fields.get("timeout", "")
    seconds = (
        float(timeout) if timeout.isascii() and timeout.isdigit() and len(timeout) <= len(str(_MOST_SECONDS)) else 0
    )
    return Wishes(
        streaming,
        seconds if 1 <= seconds <= _MOST_SECONDS else None,
        fields.get("model") or None,
        fields.get("language") or None,
        _unpacked(fields.get("instructions", "")) or None,
    )


def wishes_text(wishes: Wishes, settings: Settings) -> str:
    """Return what the browser is to remember, as it stands in the cookie."""
    fields: dict[str, object] = {}
    if wishes.is_streamed not in {None, settings.use_streaming}:
        fields["streaming"] = "on" if wishes.is_streamed else "off"
    if wishes.timeout_s not in {None, settings.request_timeout}:
        fields["timeout"] = round(wishes.timeout_s or 0)
    if wishes.model:
        fields["model"] = wishes.model
    if wishes.language:
        fields["language"] = wishes.language
    if wishes.instructions and settings.api_keys is None:  # where people sign in, the next one would have them too
        fields["instructions"] = _packed(wishes.instructions)
    return urlencode(fields)[:_MOST_CHARS]


def _packed(text: str) -> str:
    """Return a text in few letters: in a cookie one of Arabic would take six."""
    return urlsafe_b64encode(zlib.compress(text.encode())).decode()


def _unpacked(packed: str) -> str:
    try:
        unpacked = zlib.decompressobj().decompress(urlsafe_b64decode(packed), 4 * MOST_INSTRUCTIONS)
        return unpacked.decode(errors="ignore")[:MOST_INSTRUCTIONS]
    except (ValueError, zlib.error):
        return ""
