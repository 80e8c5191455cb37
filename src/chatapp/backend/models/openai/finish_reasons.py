"""Why answers end, in the words of those who are not OpenAI."""

from chatapp.backend.models.openai.errors import error_from_body
from chatapp.errors import IncompleteAnswerError, UpstreamError

_WINDOW_IS_FULL = "model_context_window_exceeded"
_CUTS = {
    "max_tokens": "length", "max_output_tokens": "length", "model_length": "length", _WINDOW_IS_FULL: "length",
    "sensitive": "content_filter", "safety": "content_filter", "prohibited_content": "content_filter",
    "blocklist": "content_filter", "recitation": "content_filter", "refusal": "content_filter",
    "spii": "content_filter", "image_safety": "content_filter", "image_prohibited_content": "content_filter",
    "image_recitation": "content_filter", "content_filter": "content_filter",
    "content_filtered": "content_filter", "guardrail_intervened": "content_filter",
    "max_new_tokens": "length", "max_completion_tokens": "length", "max_length": "length", "token_limit": "length",
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "function_call",
}  # fmt: skip
"""How Anthropic, Google, Mistral, Amazon and Zhipu say that an answer was cut, and gateways that pass it on.

The last are OpenAI's own, which some write in capitals.
"""

_MAY_BE_EMPTY = {"length", "content_filter", "tool_calls", "function_call"}


def as_openai_says(reason: str) -> str:
    """Return OpenAI's word for an answer that was cut, else `reason`. Google says the cause behind a colon."""
    return _CUTS.get(reason.partition(":")[0].lower(), reason)


def error_of_empty_answer(reason: str) -> UpstreamError | None:
    """Return what is wrong with an answer that ends with `reason` without a word; None where that may be.

    Ollama says "load" and has only loaded the model; Zhipu names its window where it is full before the answer begins.
    """
    if reason.lower() == _WINDOW_IS_FULL:
        return error_from_body({"code": reason})
    return None if as_openai_says(reason) in _MAY_BE_EMPTY else nothing_came()


def nothing_came() -> IncompleteAnswerError:
    """Return the error for an answer without a word; llama-cpp-python answers so when its window is full."""
    error = IncompleteAnswerError(
        "the model's answer broke off before it began.",
        hint="Ask again; if this chat is long, start a new one: some servers fall silent when it is longer than they "
        "can read.",
    )
    error.is_empty = True
    return error
