"""Why answers end, in the words of those who are not OpenAI."""

from chatapp.backend.models.openai.errors import error_from_body
from chatapp.errors import IncompleteAnswerError, UpstreamError

_WINDOW_IS_FULL = "model_context_window_exceeded"
_LENGTH_PARTS = (
    "length", "maxtoken", "maxoutput", "maxnew", "maxcompletion", "maxpredicted", "tokenlimit", "contextwindow",
)  # fmt: skip
_FILTER_PARTS = (
    "filter", "sensitive", "safety", "prohibited", "blocklist", "recitation", "refusal", "guardrail", "spii",
    "moderation",
)  # fmt: skip
"""What the reasons of answers that were cut hold, without what stands between words: those of Anthropic, Google,
Mistral, Amazon, Zhipu and LM Studio, and of gateways that pass them on.
"""
_OTHERS = {
    "stop": "stop", "toolcalls": "tool_calls", "toolcall": "tool_calls", "tooluse": "tool_calls",
    "functioncall": "function_call",
}  # fmt: skip

_MAY_BE_EMPTY = {"length", "content_filter", "tool_calls", "function_call"}
_OPENAIS = {"stop", *_MAY_BE_EMPTY}

_FELL_SILENT = (
    "Ask again; if this chat is long, start a new one: some servers fall silent when it is longer than they can read."
)
_BROKE_OFF = (
    "Ask again, or let a proxy before the server wait longer (nginx: `proxy_read_timeout`); if this chat is long, "
    "start a new one."
)
"""What to do about an answer without a word; nginx drops the first ones where the next do not come in time."""


def as_openai_says(reason: str) -> str:
    """Return OpenAI's word for an answer that was cut, else `reason`.

    Google says the cause behind a colon, Python's enums their class before a point, LM Studio `contextLengthReached`.
    """
    if reason in _OPENAIS:
        return reason
    word = "".join(filter(str.isalpha, reason.partition(":")[0].rpartition(".")[2].lower()))
    if any(part in word for part in _LENGTH_PARTS):
        return "length"
    return "content_filter" if any(part in word for part in _FILTER_PARTS) else _OTHERS.get(word, reason)


def error_of_empty_answer(reason: str) -> UpstreamError | None:
    """Return what is wrong with an answer that ends with `reason` without a word; None where that may be.

    Ollama says "load" and has only loaded the model; Zhipu names its window where it is full before the answer begins.
    """
    if reason.lower() == _WINDOW_IS_FULL:
        return error_from_body({"code": reason})
    return None if as_openai_says(reason) in _MAY_BE_EMPTY else nothing_came()


def nothing_came(*, is_cut: bool = False) -> IncompleteAnswerError:
    """Return the error for an answer without a word; llama-cpp-python answers so when its window is full.

    `is_cut`: its connection broke.
    """
    what = "the model's answer broke off before it began."
    error = IncompleteAnswerError(what, hint=_BROKE_OFF if is_cut else _FELL_SILENT)
    error.is_empty, error.is_cut = True, is_cut
    return error
