"""One chunk of a chat completion, however its server words it.

Chunks that are not as OpenAI sends them are read leniently: what is only shown beside the answer never costs the
answer, and what says that something failed is never overlooked.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chatapp.backend.models.chat_model import TokenUsage
from chatapp.backend.models.openai.citations import cited_beside, cited_in, has_citations
from chatapp.backend.models.openai.errors import error_from_body
from chatapp.backend.models.openai.ordinary import UNREADABLE, decode_plain
from chatapp.backend.models.openai.tool_calls import calls_in, older_calls_in
from chatapp.backend.models.openai.usage import usage_in, usage_in_json
from chatapp.errors import UpstreamBadResponseError, UpstreamError
from chatapp.protocol.events import Citation, Notice, Reasoning, Text, ToolCallDelta

Piece = tuple[type[Text] | type[Reasoning], str]

LONGEST_REASON = 100

_NO_REASONS = {"", "null", "none", "nil", "undefined", "unspecified", "finish_reason_unspecified", "0", "false"}
"""What servers write as long as there is none: Ollama and SGLang "", gateways of Gemini "null"."""

_FAILED = {
    "error", "failed", "failure", "abort", "aborted", "cancelled", "canceled", "interrupted", "timeout",
    "network_error", "server_error", "internal_error", "insufficient_system_resource", "insufficient_resource",
    "error_toxic", "error_limit", "malformed_function_call", "function_call_filter",
}  # fmt: skip
"""Reasons that are failures: OpenRouter's, vLLM's and SGLang's, Zhipu's, DeepSeek's, Cohere's, Google's.

OpenRouter says "stop" where a provider's network failed, and what happened in `native_finish_reason`.
"""

_SIGNS_OF_LIFE = {b"ping", b"heartbeat", b"keep-alive", b"keepalive", b"processing", b"openrouter processing"}
"""What gateways write as data to keep a connection open, where a comment was meant."""

_TEXT_PARTS = {"text", "output_text", "refusal"}
_THOUGHT_PARTS = {"thinking", "reasoning", "reasoning_text", "thought", "summary_text", "reasoning.text"}
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "reasoning_details", "reasoning_text", "thinking")
_TEXT_FIELDS = ("text", "content", "thinking", "summary", "reasoning", "value", "refusal")
_FAILURE_FIELDS = frozenset(
    ("detail", "message", "errors", "error_message", "error_msg", "error_code", "err_code", "msg")
)
_MAX_DEPTH = 4
_NOT_SHOWN = Notice("media_left_out", "The model sent pictures or sound, which are not shown here.")


@dataclass(slots=True)
class Chunk:
    """What a chunk holds. `finish_reason`: the server says that this is the end; `mentions_reason`: it knows the field.

    `is_alive`: the model is at work, but on something that is not text; `is_reading`: on the question. `failure` is
    behind the pieces. `is_last_count`: it has the usage and no choice, as the last one before the end. `details` are
    thoughts in the form in which OpenRouter wants them back.
    """

    pieces: list[Piece] = field(default_factory=list)
    calls: list[ToolCallDelta] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    finish_reason: str | None = None
    mentions_reason: bool = False
    usage: TokenUsage | None = None
    service_tier: str | None = None
    model: str | None = None
    failure: UpstreamError | None = None
    logprobs: tuple[dict[str, Any], ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    notices: Sequence[Notice] = ()
    is_alive: bool = False
    is_reading: bool = False
    is_last_count: bool = False


def read_chunk(data: bytes, name: str = "") -> Chunk | None:
    """Return what the data of an event hold; `name` is the event's. None if it is no chunk, and none that we need.

    Raises:
        UpstreamBadResponseError: it cannot be read.
    """
    if not name and (plain := _plain_chunk(data)):
        return plain
    try:
        body = _decoded(data)
    except (ValueError, RecursionError):
        if name not in {"", "message", "error"} or data.strip(b" :[]").lower() in _SIGNS_OF_LIFE:
            return None
        if name != "error" and not data.lstrip().startswith(b'{"error"'):  # whose quotes transformers does not escape
            raise UpstreamBadResponseError("the model server sent a chunk that cannot be read.") from None
        return Chunk(failure=error_from_body(data[:4000].decode(errors="replace")))
    is_ours = name in {"", "message", "error"}
    if isinstance(body, dict):
        return _chunk_of(body, name) if is_ours or body.get("choices") or _is_problem(body.get("error")) else None
    if name == "error" or (isinstance(body, list) and body and isinstance(body[0], dict) and "error" in body[0]):
        return Chunk(failure=error_from_body(body))  # Google's servers send a list of one
    if not is_ours or body is None:
        return None
    raise UpstreamBadResponseError("the model server sent a chunk that cannot be read.")


def read_whole(data: bytes) -> list[Chunk]:
    """Return the chunks of a body: one that is an answer, or one a line.

    Raises:
        UpstreamBadResponseError: it cannot be read.
    """
    try:
        chunks = [read_chunk(data)]
    except UpstreamBadResponseError:
        lines = data.splitlines()
        if len(lines) < 2 or not lines[0].rstrip().endswith(b"}"):  # noqa: PLR2004
            raise
        chunks = [read_chunk(line) for line in lines if line.strip() not in {b"", b"[DONE]", b"data: [DONE]"}]
    return list(filter(None, chunks))


def _plain_chunk(data: bytes) -> Chunk | None:
    """Return what `_chunk_of` does, for a third, of a chunk that has nothing special; None for others."""
    try:
        told = decode_plain(data)
    except UNREADABLE:
        return None
    usage = usage_in(told.usage) if told.usage else None
    chunk = Chunk(usage=usage, service_tier=_name_in(told.service_tier), model=_name_in(told.model))
    if len(told.choices) > 1:
        return None
    if told.choices:
        choice = told.choices[0]
        if choice.delta.content:
            chunk.pieces.append((Text, choice.delta.content))
        chunk.logprobs = _logprobs_in(choice.logprobs)
        chunk.mentions_reason = choice.finish_reason is not msgspec.UNSET
        chunk.finish_reason = reason = _reason_of(choice.finish_reason)
        if reason and _is_failed(reason):
            return None
    chunk.is_last_count = usage is not None and not told.choices
    return chunk


def _decoded(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        return json.loads(data)  # takes lone surrogates and NaN, which some servers send


def _chunk_of(body: dict[str, Any], name: str) -> Chunk:
    chunk = Chunk(usage=_usage_of(body), is_reading=isinstance(body.get("prompt_progress"), dict))
    chunk.model, chunk.service_tier = _name_in(body.get("model")), _name_in(body.get("service_tier"))
    if has_citations(body):
        chunk.citations += cited_beside(body)
    choices = body.get("choices")
    if choices is not None and not isinstance(choices, list):
        raise UpstreamBadResponseError("the model server sent a chunk that cannot be read.")
    known = [choice for choice in choices or [] if isinstance(choice, dict)]
    for choice in known:
        if choice.get("index") == known[0].get("index"):  # Copilot's have the text in one, calls in the next
            _take_choice(chunk, choice)
    if chunk.failure is None and _tells_of_failure(body, name, has_choice=bool(known)):
        chunk.failure = error_from_body(body)
    chunk.is_last_count = chunk.usage is not None and not known
    return chunk


def _take_choice(chunk: Chunk, choice: dict[str, Any]) -> None:
    said = choice.get("delta")
    if not isinstance(said, dict):
        said = choice.get("message")
    if isinstance(said, dict):
        chunk.pieces += _pieces_of(said)
        if calls := said.get("tool_calls"):
            chunk.calls += calls_in(calls)
        chunk.calls += older_calls_in(said.get("function_call"))
        chunk.citations += cited_in(said)
        if said.get("images") or said.get("audio"):  # OpenRouter's, and OpenAI's
            chunk.notices, chunk.is_alive = [_NOT_SHOWN], True
        if isinstance(details := said.get("reasoning_details"), list):
            chunk.details += tuple(detail for detail in details if isinstance(detail, dict))
        chunk.is_alive = chunk.is_alive or bool(chunk.calls or said.get("reasoning_details"))
    elif isinstance(choice.get("text"), str):
        chunk.pieces.append((Text, choice["text"]))
    if chunk.usage is None:
        chunk.usage = usage_in_json(choice.get("usage"))
    chunk.logprobs = _logprobs_in(choice.get("logprobs"))
    chunk.mentions_reason = "finish_reason" in choice
    reason = _reason_of(choice.get("finish_reason")) or _reason_of(choice.get("finishReason"))
    native = _reason_of(choice.get("native_finish_reason")) if reason else None
    problem = choice.get("error")
    has_failed = reason is not None and (_is_failed(reason) or _is_failed(native or ""))
    if has_failed or _is_problem(problem):
        known = {name: choice.get(name) for name in ("error", "native_finish_reason") if choice.get(name)}
        chunk.failure = error_from_body(problem if _is_problem(problem) else known)
    else:
        chunk.finish_reason = reason or chunk.finish_reason


def _is_failed(reason: str) -> bool:
    return reason.partition(":")[0].lower() in _FAILED


def _logprobs_in(value: object) -> tuple[dict[str, Any], ...]:
    return (value,) if value and isinstance(value, dict) else ()


def _name_in(value: object) -> str | None:
    return value[:200] or None if isinstance(value, str) and value.isprintable() else None


def _usage_of(body: dict[str, Any]) -> TokenUsage | None:
    usage, groq = body.get("usage"), body.get("x_groq")
    return usage_in_json(usage) or (usage_in_json(groq.get("usage")) if isinstance(groq, dict) else None)


def _reason_of(value: object) -> str | None:
    """Return why the answer ends, or None if it does not: `{"type": "length"}` and `["stop"]` have been seen too."""
    if isinstance(value, dict):
        value = value.get("type") or value.get("reason")
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str | int | float):
        return None
    text = str(value)[:LONGEST_REASON].strip()
    if not text.isprintable():
        text = "".join(filter(str.isprintable, text)).strip()
    return None if text.lower() in _NO_REASONS else text


def _pieces_of(said: dict[str, Any]) -> Iterator[Piece]:
    """Return thoughts and text of a delta, thoughts first, as models have them."""
    if thought := next(filter(None, map(_text_in, map(said.get, _THOUGHT_FIELDS))), ""):
        yield Reasoning, thought
    content = said.get("content")
    if isinstance(content, str):
        if content:
            yield Text, content
    elif isinstance(content, list | dict):
        for part in content if isinstance(content, list) else [content]:
            yield from _pieces_of_part(part)
    elif content is not None:
        raise UpstreamBadResponseError("the model server sent a chunk that cannot be read.")
    if not content and isinstance(refusal := said.get("refusal"), str):
        yield Text, refusal
    if not content and isinstance(sound := said.get("audio"), dict):
        yield Text, _text_in(sound.get("transcript"))


def _pieces_of_part(part: object) -> Iterator[Piece]:
    """Return what a part of the content says; Mistral's models think in parts. Kinds that nobody knows say nothing."""
    if isinstance(part, str):
        yield Text, part
    elif isinstance(part, dict):
        kind = part.get("type", "text")
        if kind in _TEXT_PARTS:
            yield Text, _text_in(part)
        elif kind in _THOUGHT_PARTS:
            yield Reasoning, _text_in(part)


def _text_in(value: object, depth: int = _MAX_DEPTH) -> str:
    """Return the text of a string, of parts, or of an object with a field that holds it."""
    if isinstance(value, str):
        return value
    if not value or depth == 0:
        return ""
    if isinstance(value, list):
        return "".join([_text_in(item, depth - 1) for item in value])
    if isinstance(value, dict):
        return next(filter(None, (_text_in(value.get(name), depth - 1) for name in _TEXT_FIELDS)), "")
    return ""


def _tells_of_failure(body: dict[str, Any], name: str, *, has_choice: bool) -> bool:
    """Return whether a chunk says that something failed. Beside a choice only `error` does."""
    if name == "error" or body.get("object") == "error" or _is_problem(body.get("error")):
        return True
    base, groq = body.get("base_resp"), body.get("x_groq")
    is_minimax = isinstance(base, dict) and _is_problem(base.get("status_code"))
    if is_minimax or (isinstance(groq, dict) and _is_problem(groq.get("error"))):
        return True
    if has_choice:
        return False
    told = _FAILURE_FIELDS.intersection(body)
    return body.get("success") is False or any(_is_problem(body[field]) for field in told)


def _is_problem(value: object) -> bool:
    """Return whether a field for errors holds one: gateways in Go send `{"message": "", "code": 0}` with each chunk."""
    if isinstance(value, dict):
        return any(_is_problem(inner) for inner in value.values())
    if isinstance(value, str):
        return value.strip().lower() not in {"", "null", "none", "0"}
    return bool(value)
