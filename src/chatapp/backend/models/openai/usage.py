"""Tokens as a server counted them, whatever it takes for a number."""

from typing import Any

import msgspec

from chatapp.backend.models.chat_model import TokenUsage

MOST_TOKENS = 2**31 - 1
"""No call has more; a count beyond it is none, and would not fit where counts are kept."""


class UsageFields(msgspec.Struct, gc=False):
    """The fields that are used, with whatever a server writes into them."""

    prompt_tokens: Any = None
    completion_tokens: Any = None
    total_tokens: Any = None
    prompt_tokens_details: Any = None
    completion_tokens_details: Any = None
    input_tokens: Any = None
    output_tokens: Any = None
    prompt_cache_hit_tokens: Any = None
    cached_tokens: Any = None
    service_tier: Any = None


def usage_in(fields: UsageFields) -> TokenUsage | None:
    """Return the counts, or None where the server counted nothing: some say 0 in all chunks but one.

    The other names are DeepSeek's, Moonshot's and those of OpenAI's Responses, which gateways pass on. Anthropic's say
    the service tier here.
    """
    prompt, completion, total = fields.prompt_tokens, fields.completion_tokens, fields.total_tokens
    if not (type(prompt) is type(completion) is type(total) is int and 0 < prompt <= total <= MOST_TOKENS):
        prompt = _count(prompt) or _count(fields.input_tokens)
        completion = _count(completion) or _count(fields.output_tokens)
        total = _count(total) or min(prompt + completion, MOST_TOKENS)
    if not total:
        return None
    completion = _count(completion)
    cached = fields.prompt_tokens_details or fields.prompt_cache_hit_tokens or fields.cached_tokens
    return TokenUsage(
        prompt,
        completion,
        total,
        _detail(cached, "cached_tokens") if cached else 0,
        _detail(fields.completion_tokens_details, "reasoning_tokens") if fields.completion_tokens_details else 0,
        fields.service_tier[:100] if isinstance(fields.service_tier, str) else None,
    )


def usage_in_json(value: object) -> TokenUsage | None:
    """Return the counts of a `usage` that JSON was read to, or None if it is something else."""
    if not isinstance(value, dict):
        return None
    return usage_in(msgspec.convert(value, UsageFields))


def _detail(details: object, name: str) -> int:
    """Return a count that stands among others, or by itself."""
    return _count(details.get(name) if isinstance(details, dict) else details)


def _count(value: object) -> int:
    """Return a count of tokens: an int, a whole float or either as text; 0 for all that cannot be one."""
    if type(value) is int:
        return value if 0 <= value <= MOST_TOKENS else 0
    if type(value) is str and len(value) <= 12 and value.isascii():  # noqa: PLR2004 - more digits than any count
        try:
            value = float(value)
        except ValueError:
            return 0
    if type(value) is float:
        return int(value) if 0 <= value <= MOST_TOKENS else 0
    return 0
