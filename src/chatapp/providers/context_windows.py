"""How much a model can read: a table of known ones, and what model servers tell in `GET /v1/models`."""

from collections.abc import Mapping
from typing import Any

_KNOWN = (
    ("gpt-3.5-turbo", 16_385),
    ("gpt-4-turbo", 128_000),
    ("gpt-4o", 128_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-4", 8_192),
    ("gpt-5", 400_000),
    ("o1", 200_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("claude", 200_000),
    ("deepseek", 64_000),
)
"""Beginning of the name → tokens; the first that fits counts."""

_FIELDS = ("max_model_len", "context_length", "max_context_length", "context_window", "n_ctx", "n_ctx_train")
"""What vLLM, OpenRouter, LM Studio, Groq and llama.cpp call it."""


def known_window(model: str) -> int | None:
    """Return the tokens that a model of this name can read, or None for one we do not know."""
    name = model.rpartition("/")[2].lower()
    return next((tokens for beginning, tokens in _KNOWN if name.startswith(beginning)), None)


def windows_in(listing: object) -> dict[str, int]:
    """Return the windows that the answer of `GET /v1/models` names, by model."""
    data = listing.get("data") if isinstance(listing, Mapping) else None
    entries = data if isinstance(data, list) else []
    windows = {str(entry.get("id")): _window_of(entry) for entry in entries if isinstance(entry, Mapping)}
    return {model: tokens for model, tokens in windows.items() if tokens}


def _window_of(entry: Mapping[str, Any]) -> int | None:
    meta = entry.get("meta")
    for source in (entry, meta if isinstance(meta, Mapping) else {}):
        for name in _FIELDS:
            if isinstance(tokens := source.get(name), int) and tokens > 0:
                return tokens
    return None
