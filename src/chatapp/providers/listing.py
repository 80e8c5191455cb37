"""What a model server's `GET /v1/models` tells, whichever server it is."""

_LONGEST_NAME = 200
_NOT_FOR_CHAT = ("embed", "rerank", "whisper", "transcribe", "tts", "dall-e", "image", "realtime", "moderation", "sora")
"""Parts of the names of models that do something else; OpenAI, LM Studio and Ollama list them among the others."""


def names_in(listing: object) -> list[str]:
    """Return the model names of an OpenAI-style listing, in its order; none if it is something else."""
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        return []
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME]


def can_chat(name: str) -> bool:
    """Return whether a model of this name answers questions, as far as its name tells."""
    return not any(part in name.lower() for part in _NOT_FOR_CHAT)
