"""Answers in the words of other APIs than the one that was asked."""

from typing import Any

from chatapp.errors import UpstreamBadResponseError

_BY_TYPE = {
    "response.output_text.delta": "OpenAI's Responses API",
    "response.reasoning_summary_text.delta": "OpenAI's Responses API",
    "response.completed": "OpenAI's Responses API",
    "content_block_delta": "Anthropic's Messages API",
}
_BY_FIELDS: dict[tuple[str, str], tuple[type, str]] = {
    ("role", "content"): (list, "Anthropic's Messages API"),
    ("candidates", "candidates"): (list, "Gemini's API"),
    ("done", "message"): (dict, "Ollama's own API"),
    ("done", "response"): (str, "Ollama's own API"),
    ("object", "output"): (list, "OpenAI's Responses API"),
    ("index", "token"): (dict, "text-generation-inference's own API"),
}
"""What has words of an answer in it, and no choices: two fields, and what the second holds. Others are beside it."""


def other_api_in(body: dict[str, Any]) -> str | None:
    """Return whose API an event or a body without choices is of, None where that is not known."""
    kind = body.get("type")
    if isinstance(kind, str) and kind in _BY_TYPE:
        return _BY_TYPE[kind]
    known = ((fields, *told) for fields, told in _BY_FIELDS.items() if body.keys() >= {*fields})
    return next((api for (_, held), kind, api in known if isinstance(body[held], kind)), None)


def not_our_api(api: str) -> UpstreamBadResponseError:
    """Return the error for an answer that is of another API."""
    return UpstreamBadResponseError(
        f"the model server answers in the words of {api}, not with a chat completion.",
        hint="Check BASE_URL: most end in /v1. `chatapp doctor` looks for it.",
    )
