"""Completions of plain text as model servers answer them: what they say, and their logprobs in OpenAI's form."""

from typing import Any

import msgspec

Json = dict[str, Any]


def completed_text(answer: bytes) -> str:
    """Return the texts of all choices; where there are none, as in embeddings, it is empty."""
    _, choices = _read(answer)
    return "".join([text for choice in choices if isinstance(text := choice.get("text"), str)])


def with_listed_logprobs(answer: bytes) -> bytes:
    """Return `answer` with the lists that OpenAI has there: llama.cpp tells logprobs as a chat has them.

    `text_offset` counts from the beginning of `text`.
    https://platform.openai.com/docs/api-reference/completions/object
    """
    told, choices = _read(answer)
    is_changed = False
    for choice in choices:
        logprobs = choice.get("logprobs")
        content = logprobs.get("content") if isinstance(logprobs, dict) else None
        if isinstance(content, list) and all(isinstance(token, dict) for token in content):
            choice["logprobs"], is_changed = _listed(content), True
    return msgspec.json.encode(told) if is_changed else answer


def _read(answer: bytes) -> tuple[Json, list[Json]]:
    try:
        told = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}, []
    choices = told.get("choices") if isinstance(told, dict) else None
    return told, [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _listed(content: list[Json]) -> Json:
    tokens, offsets = [str(one.get("token") or "") for one in content], [0]
    for token in tokens[:-1]:
        offsets.append(offsets[-1] + len(token))
    return {
        "tokens": tokens,
        "token_logprobs": [one.get("logprob") for one in content],
        "top_logprobs": [_best(one.get("top_logprobs")) for one in content],
        "text_offset": offsets[: len(tokens)],
    }


def _best(told: Any) -> Json:
    best = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {str(one.get("token") or ""): one.get("logprob") for one in best}
