"""What a request asks for beside tokens, and is priced by itself."""

from collections.abc import Mapping
from typing import Any

from chatapp.backend.models.chat_model import ModelRequest

_USUAL_TIERS = {"", "auto", "default", "standard", "standard_only", "on_demand"}
"""The service tiers that cost what the price list says, by their names at several vendors."""

_SEARCHES = ("web_search_options", "search_parameters", "plugins")
"""The parameters with which OpenAI, xAI and OpenRouter are asked to search; each search is paid for."""

_OWN_TOOLS = {"function", "custom"}
"""Tools that run at the client's; a vendor's own are paid for by use."""


def tier_of(request: ModelRequest | None, answered: str | None) -> str | None:
    """Return the service tier that is paid for, None for the usual one: `answered`, where the vendor says which it was.

    OpenAI answers in the usual one where another is busy, and a project may have one that nobody has asked for.
    """
    asked = request.parameters.get("service_tier") if request else None
    tier = answered if answered and answered.lower() != "auto" else asked
    name = tier.lower() if isinstance(tier, str) else ""
    return None if name in _USUAL_TIERS else name


def is_paid_beside(request: ModelRequest) -> bool:
    """Return whether the vendor is asked for more than tokens, which it does not count in its answer."""
    asked = request.parameters
    if any(asked.get(name) for name in _SEARCHES):
        return True
    return any(_kind(tool) not in _OWN_TOOLS for tool in _listed(asked.get("tools")))


def is_plain(request: ModelRequest | None) -> bool:
    """Return whether nothing is asked for but text in the usual tier, which its tokens alone are paid for."""
    return request is None or not (tier_of(request, None) or is_paid_beside(request) or has_sound(request))


def has_sound(request: ModelRequest) -> bool:
    """Return whether sound goes along, or is asked for: its tokens have prices of their own."""
    if request.parameters.get("audio") or any(_kind(part) == "input_audio" for part in request.media.values()):
        return True
    messages = request.wire_messages or ()
    return any(_kind(part) == "input_audio" for message in messages for part in _listed(message.get("content")))


def _kind(entry: object) -> object:
    return entry.get("type", "function") if isinstance(entry, Mapping) else "function"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
