"""What a model server's `GET /v1/models` tells, whichever server it is."""

from collections.abc import Mapping
from typing import Any

_LISTS = ("data", "models", "result", "results", "items", "list", "model_list", "available_models")
_NAMES = ("id", "name", "model", "model_name", "model_id")
_MAX_DEPTH = 2
_LONGEST_NAME = 200
_NOT_FOR_CHAT = ("embed", "rerank", "whisper", "transcribe", "tts", "dall-e", "image", "realtime", "moderation", "sora")
"""Parts of the names of models that do something else; OpenAI, LM Studio and Ollama list them among the others."""


def entries_in(listing: object, depth: int = _MAX_DEPTH) -> list[Mapping[str, Any]]:
    """Return the entries of a listing, in its order: `data` as OpenAI has it, `models`, or an array by itself.

    Cloudflare says `result`. Names alone are entries, too, and so is what stands by its name.
    """
    if isinstance(listing, Mapping):
        found = next((listing[name] for name in _LISTS if isinstance(listing.get(name), list | dict)), None)
        if isinstance(found, dict):
            return _entries_by_name(found) or (entries_in(found, depth - 1) if depth else [])
        listing = [listing] if listing.get("object") == "model" else found
    named = (
        [{"id": entry} if isinstance(entry, str) else entry for entry in listing] if isinstance(listing, list) else []
    )
    return [entry for entry in named if isinstance(entry, Mapping)]


def _entries_by_name(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what stands by its name, where nothing else does."""
    if all(isinstance(entry, Mapping) for entry in found.values()):
        return [{"id": name, **entry} for name, entry in found.items()]
    return []


def name_of(entry: Mapping[str, Any]) -> str | None:
    """Return the name by which the model of an entry is asked, or None for one that cannot be."""
    return next((name for field in _NAMES if _is_name(name := entry.get(field))), None)


def _is_name(name: object) -> bool:
    """Return whether a model can be asked by `name`. A pattern is none: lm-proxy 3.3.2 lists `gpt-*` too."""
    return isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME and "*" not in name


def names_in(listing: object) -> list[str]:
    """Return the model names of a listing, in its order, each once; none if it is something else."""
    return list(dict.fromkeys(name for entry in entries_in(listing) if (name := name_of(entry))))


def can_chat(name: str) -> bool:
    """Return whether a model of this name answers questions, as far as its name tells."""
    return not any(part in name.lower() for part in _NOT_FOR_CHAT)
