"""What a model server's `GET /v1/models` tells, whichever server it is."""

from collections.abc import Mapping
from typing import Any

_LISTS = ("data", "models", "result", "items")
_LONGEST_NAME = 200
_NOT_FOR_CHAT = ("embed", "rerank", "whisper", "transcribe", "tts", "dall-e", "image", "realtime", "moderation", "sora")
"""Parts of the names of models that do something else; OpenAI, LM Studio and Ollama list them among the others."""


def entries_in(listing: object) -> list[Mapping[str, Any]]:
    """Return the entries of a listing, in its order: `data` as OpenAI has it, `models`, or an array by itself.

    Cloudflare says `result`. Names alone are entries, too.
    """
    entries: object = listing
    if isinstance(listing, Mapping):
        entries = next((listing[name] for name in _LISTS if isinstance(listing.get(name), list)), None)
    named = (
        [{"id": entry} if isinstance(entry, str) else entry for entry in entries or []]
        if isinstance(entries, list)
        else []
    )
    return [entry for entry in named if isinstance(entry, Mapping)]


def name_of(entry: Mapping[str, Any]) -> str | None:
    """Return the name by which the model of an entry is asked, or None for one that cannot be."""
    name = entry.get("id", entry.get("name"))
    is_name = isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME
    return str(name) if is_name else None


def names_in(listing: object) -> list[str]:
    """Return the model names of a listing, in its order, each once; none if it is something else."""
    return list(dict.fromkeys(name for entry in entries_in(listing) if (name := name_of(entry))))


def can_chat(name: str) -> bool:
    """Return whether a model of this name answers questions, as far as its name tells."""
    return not any(part in name.lower() for part in _NOT_FOR_CHAT)
