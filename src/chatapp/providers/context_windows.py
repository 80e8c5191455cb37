"""How much a model can read: what servers tell in `GET /v1/models`, and what is known of the models of vendors."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chatapp.hosts import is_address, is_loopback
from chatapp.providers.listing import entries_in, name_of

_FIELDS = (
    "max_model_len",  # vLLM, SGLang
    "max_context_length",  # LM Studio, Mistral
    "loaded_context_length",
    "context_length",  # OpenRouter, Together, Moonshot
    "context_window",  # Groq
    "max_input_tokens",  # Anthropic, LiteLLM
    "max_context_tokens",
    "inputTokenLimit",  # Google
    "n_ctx",
    "n_ctx_train",  # llama.cpp, in `meta`
)
_AROUND = ("meta", "top_provider", "model_info", "limits", "capabilities")


def windows_in(listing: object) -> dict[str, int]:
    """Return the windows that the answer of `GET /v1/models` names, by model."""
    windows = {name_of(entry): _window_of(entry) for entry in entries_in(listing)}
    return {model: tokens for model, tokens in windows.items() if model and tokens}


def _window_of(entry: Mapping[str, Any]) -> int | None:
    """Return the smallest window of an entry: what a server was started with is less than what its model could do."""
    sources = [entry, *(part for name in _AROUND if isinstance(part := entry.get(name), Mapping))]
    values = [source.get(name) for source in sources for name in _FIELDS]
    return min([value for value in values if type(value) is int and value > 0], default=None)


def known_window(model: str, base_url: str) -> int | None:
    """Return the tokens that a vendor's model can read, or None for one that is not known.

    At the address of a vendor its own list counts. Elsewhere the name does, unless it is a server of the user's own
    network, where a name says little: it loads less than the model could read, or has another by that name. The list is
    that of `genai-prices`; it takes 0.4 s to load.
    """
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - see above

    providers = get_snapshot().providers
    name = model.lower()
    at_home = [provider for provider in providers if re.match(provider.api_pattern, base_url)]
    if at_home:
        found = at_home[0].find_model(name, all_providers=providers)
        return found.context_window if found else None
    if is_own_server(base_url):
        return None
    name = name.rpartition("/")[2]
    for provider in providers:
        if provider.model_match is not None and provider.model_match.is_match(name):
            found = provider.find_model(name, all_providers=providers)
            return found.context_window if found else None
    return None


def is_own_server(base_url: str) -> bool:
    """Return whether a model server is of the user's own machine or network: by an address, or a name without dots."""
    host = urlsplit(base_url).hostname or ""
    return is_loopback(host) or is_address(host) or "." not in host
