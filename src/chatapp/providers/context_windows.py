"""How much a model can read: what servers tell in `GET /v1/models`, and what is known of the models of vendors."""

import re
from collections.abc import Iterator, Mapping
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
    "max_prompt_tokens",  # Copilot, in `capabilities.limits`
    "max_context_window_tokens",
    "context_size",  # Novita
    "max_seq_len",  # TabbyAPI, in `parameters`
    "input_token_limit",
    "contextLength",
    "contextWindow",
    "num_ctx",
    "availableContextTokens",  # Venice, in `model_spec`
    "max_input_token_length",  # Volcengine, in `token_limits`
)
_AROUND = (
    "meta", "metadata", "top_provider", "model_info", "limits", "capabilities", "details", "parameters", "model_spec",
    "token_limits",
)  # fmt: skip
_MAX_DEPTH = 3
_LONGEST_NUMBER = 12
_BEYOND_ALL = 10**9


def windows_in(listing: object) -> dict[str, int]:
    """Return the windows that the answer of `GET /v1/models` names, by model."""
    windows = {name_of(entry): _window_of(entry) for entry in entries_in(listing)}
    return {model: tokens for model, tokens in windows.items() if model and tokens}


def _window_of(entry: Mapping[str, Any]) -> int | None:
    """Return the smallest window of an entry: what a server was started with is less than what its model could do."""
    return min(filter(None, map(_count, _values_in(entry, _MAX_DEPTH))), default=None)


def _values_in(entry: Mapping[str, Any], depth: int) -> Iterator[Any]:
    yield from (entry[name] for name in _FIELDS if name in entry)
    for name in _AROUND if depth else ():
        if isinstance(part := entry.get(name), Mapping):
            yield from _values_in(part, depth - 1)


def _count(value: object) -> int | None:
    """Return a number of tokens, also as text: `32768` or `128k`; None for what is none."""
    if isinstance(value, str) and len(value) < _LONGEST_NUMBER and value.isascii():
        digits, thousands = (value[:-1], 1000) if value[-1:] in {"k", "K"} else (value, 1)
        return int(digits) * thousands or None if digits.isdecimal() else None
    is_number = type(value) in {int, float}
    return int(value) if is_number and 0 < value < _BEYOND_ALL else None  # type: ignore[operator, call-overload]


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
