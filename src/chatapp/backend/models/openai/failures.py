"""How an answer says that it failed, in whichever field."""

from typing import Any

_FAILED = {"function_call_filter", "insufficient_system_resource", "insufficient_resource", "missing_thought_signature"}
_FAILED_PARTS = (
    "error", "fail", "abort", "cancel", "interrupt", "timeout", "timed_out", "exception", "overload", "unavailable",
    "crash", "preempt", "evict", "disconnect", "busy", "rate_limit", "unexpected_tool_call", "memory", "userstop",
    "malformed", "too_many_tool_calls", "time_limit",
)  # fmt: skip
"""What the reasons of answers that failed are called, or hold: OpenRouter's, vLLM's and SGLang's, Zhipu's, DeepSeek's,
Cohere's, Google's, Amazon's, IBM's, LM Studio's.

OpenRouter says "stop" where a provider's network failed, and what happened in `native_finish_reason`.
"""
_WELL = {"stop", "length", "tool_calls", "content_filter"}
"""What almost all reasons are."""
_FAILURE_NAMES = {"error", "failed", "failure", "exception", "fatal", "abort"}
_FIELDS = {"detail", "message", "msg", "fault", "failed"}
_STATUSES = ("status", "statusCode", "status_code", "code")
_FAILED_STATUSES = range(400, 600)
_MAX_DEPTH = 10
"""How deep a field is looked into; nobody nests deeper what says nothing."""
_NO_CODES = {"", "0", "ok", "success", "null", "none", "false"}


def is_failed_reason(reason: str) -> bool:
    """Return whether an answer that ends for `reason` has failed."""
    if reason in _WELL:
        return False
    word = reason.partition(":")[0].lower()
    return word in _FAILED or any(part in word for part in _FAILED_PARTS)


def is_failure_name(name: str) -> bool:
    """Return whether an event of this name is a failure."""
    return name.rpartition(".")[2].lower() in _FAILURE_NAMES


def tells_of_failure(body: dict[str, Any], name: str, *, has_choice: bool) -> bool:
    """Return whether a chunk says that something failed. Beside a choice only `error` does."""
    if name == "error" or body.get("object") == "error" or is_problem(body.get("error")):
        return True
    base, groq = body.get("base_resp"), body.get("x_groq")
    is_minimax = isinstance(base, dict) and is_problem(base.get("status_code"))
    if is_minimax or (isinstance(groq, dict) and is_problem(groq.get("error"))):
        return True
    if has_choice:
        return False
    return (
        body.get("success") is False
        or body.get("ok") is False
        or any(is_problem(body[field]) for field in _FIELDS.intersection(body))
        or any(_is_failed_status(field, body[field]) for field in _STATUSES if field in body)
        or is_failure_name(str(body.get("type"))[:100])
        or any(_holds_problem(inner) for inner in (body, *body.values()))
    )


def _holds_problem(value: object) -> bool:
    """Return whether a field that is named so holds an error: `errmsg`, `ErrorMsg`, Amazon's `throttlingException`."""
    return isinstance(value, dict) and any(_is_for_errors(name) and is_problem(told) for name, told in value.items())


def _is_for_errors(field: str) -> bool:
    name = field[:100].lower()
    return name.startswith("err") or "error" in name or "exception" in name


def is_problem(value: object, depth: int = _MAX_DEPTH) -> bool:
    """Return whether a field for errors holds one: gateways in Go send `{"message": "", "code": 0}` with each chunk."""
    if isinstance(value, dict):
        return any(is_problem(inner, depth - 1) for inner in value.values()) if depth else bool(value)
    if isinstance(value, str):
        return value.strip().lower() not in _NO_CODES
    return bool(value)


def _is_failed_status(field: str, value: object) -> bool:
    """Return whether a field for states says that it failed; a code that is a word is one of a failure."""
    if isinstance(value, int | float):
        return value in _FAILED_STATUSES
    if not isinstance(value, str):
        return False
    if value.isdecimal():
        return len(value) < 4 and int(value) in _FAILED_STATUSES  # noqa: PLR2004
    return is_failed_reason(value) or (field == "code" and value.strip().lower() not in _NO_CODES)
