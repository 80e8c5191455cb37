"""One chunk of a chat completion, however its server words it.

Chunks that are not as OpenAI sends them are read leniently: what is only shown beside the answer never costs the
answer, and what says that something failed is never overlooked.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from chatapp.backend.models.chat_model import TokenUsage
from chatapp.backend.models.openai.citations import cited_beside, cited_in, has_citations
from chatapp.backend.models.openai.errors import error_from_body
from chatapp.backend.models.openai.failures import is_failed_reason, is_failure_name, is_problem, tells_of_failure
from chatapp.backend.models.openai.ordinary import UNREADABLE, decode_plain
from chatapp.backend.models.openai.other_apis import other_api_in
from chatapp.backend.models.openai.pieces import Piece, has_media, pieces_of, unreadable
from chatapp.backend.models.openai.tool_calls import calls_in, older_calls_in
from chatapp.backend.models.openai.usage import usage_in, usage_in_json
from chatapp.errors import UpstreamBadResponseError, UpstreamError
from chatapp.protocol.events import Citation, Notice, Text, ToolCallDelta

LONGEST_REASON = 100

_NO_REASONS = {"", "null", "none", "nil", "undefined", "unspecified", "finish_reason_unspecified", "0", "false"}
"""What servers write as long as there is none: Ollama and SGLang "", gateways of Gemini "null"."""

_SIGNS_OF_LIFE = {b"ping", b"heartbeat", b"keep-alive", b"keepalive", b"processing", b"openrouter processing"}
"""What gateways write as data to keep a connection open, where a comment was meant."""

_AROUND = ("data", "result", "response")
"""What gateways, and Cloudflare's own API, put around a chunk."""

_NOT_SHOWN = Notice("media_left_out", "The model sent pictures or sound, which are not shown here.")


class Chunk(msgspec.Struct):
    """What a chunk holds. `finish_reason`: the server says that this is the end; `mentions_reason`: it knows the field.

    `is_alive`: the model is at work, but on something that is not text; `is_reading`: on the question. `failure` is
    behind the pieces. `has_delta`: they are what was added, not a message as it is by now. `is_last_count`: it has the
    usage and no choice, as the last one before the end. `details` are thoughts in the form in which OpenRouter wants
    them back. `other_api` names the API in whose words it is, where that is another.
    """

    pieces: list[Piece] = []
    calls: list[ToolCallDelta] = []
    citations: list[Citation] = []
    finish_reason: str | None = None
    mentions_reason: bool = False
    usage: TokenUsage | None = None
    service_tier: str | None = None
    model: str | None = None
    failure: UpstreamError | None = None
    other_api: str | None = None
    logprobs: tuple[dict[str, Any], ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    notices: Sequence[Notice] = ()
    is_alive: bool = False
    is_reading: bool = False
    has_delta: bool = False
    is_last_count: bool = False

    @property
    def says_more(self) -> bool:
        """Whether it has anything beside pieces, counts and the end."""
        is_at_work = self.is_alive or self.is_reading
        return bool(is_at_work or self.logprobs or self.details or self.notices or self.citations)


def read_chunk(data: bytes, name: str = "") -> Chunk | None:
    """Return what the data of an event hold; `name` is the event's. None if it is no chunk, and none that we need.

    Raises:
        UpstreamBadResponseError: it cannot be read.
    """
    if not name and (plain := _plain_chunk(data)):
        return plain
    name = "error" if is_failure_name(name) else name
    try:
        body = _decoded(data)
    except (ValueError, RecursionError):
        if name not in {"", "message", "error"} or data.strip(b" :[]").lower() in _SIGNS_OF_LIFE:
            return None
        if name != "error" and not data.lstrip().startswith(b'{"error"'):  # whose quotes transformers does not escape
            raise unreadable() from None
        return Chunk(failure=error_from_body(data[:4000].decode(errors="replace")))
    is_ours = name in {"", "message", "error"}
    if isinstance(body, dict):
        is_chunk = is_ours or body.get("choices") or is_problem(body.get("error"))
        return _chunk_of(body, name) if is_chunk else _chunk_elsewhere(body)
    if name == "error" or (isinstance(body, list) and body and isinstance(body[0], dict) and "error" in body[0]):
        return Chunk(failure=error_from_body(body))  # Google's servers send a list of one
    if not is_ours or body is None:
        return None
    raise unreadable()


def read_whole(data: bytes) -> list[Chunk]:
    """Return the chunks of a body: one that is an answer, a list of them, or one a line, as JSON text sequences are.

    Raises:
        UpstreamBadResponseError: it cannot be read.
    """
    try:
        return list(filter(None, [read_chunk(data)]))
    except UpstreamBadResponseError:
        data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\x1e", b"")
        if listed := _listed_chunks(data):
            return listed
        lines = data.splitlines()
        if len(lines) < 2 or not lines[0].rstrip().endswith(b"}"):  # noqa: PLR2004
            raise
    chunks = [read_chunk(line) for line in lines if line.strip() not in {b"", b"[DONE]", b"data: [DONE]"}]
    return list(filter(None, chunks))


def _listed_chunks(data: bytes) -> list[Chunk]:
    """Return the chunks of a list of such, or the only one; none if it is something else."""
    try:
        body = _decoded(data)
    except (ValueError, RecursionError):
        return []
    if isinstance(body, str) and body.startswith("{"):  # FastAPI, where what is JSON by now is returned
        return list(filter(None, [read_chunk(body.encode(errors="replace"))]))
    listed = body if isinstance(body, list) else [body]
    known = [item for item in listed if isinstance(item, dict) and "choices" in item]
    return [_chunk_of(item, "") for item in known] if len(known) == len(listed) else []


def _plain_chunk(data: bytes) -> Chunk | None:
    """Return what `_chunk_of` does, for a third, of a chunk that has nothing special; None for others."""
    try:
        parsed = decode_plain(data)
    except UNREADABLE:
        return None
    if len(parsed.choices) > 1:
        return None
    chunk = Chunk(model=_name_in(parsed.model), has_delta=bool(parsed.choices))
    if parsed.service_tier is not None:
        chunk.service_tier = _name_in(parsed.service_tier)
    if parsed.usage is not None:
        chunk.usage = usage_in(parsed.usage)
        chunk.is_last_count = chunk.usage is not None and not parsed.choices
    for choice in parsed.choices:
        if choice.delta.content:
            chunk.pieces.append((Text, choice.delta.content))
        chunk.logprobs = _logprobs_in(choice.logprobs)
        chunk.mentions_reason = choice.finish_reason is not msgspec.UNSET
        chunk.finish_reason = reason = _reason_of(choice.finish_reason) if choice.finish_reason else None
        if reason and is_failed_reason(reason):
            return None
    return chunk


def _decoded(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        return json.loads(data, strict=False)  # takes lone surrogates, NaN and line ends, which some servers send


def _chunk_of(body: dict[str, Any], name: str) -> Chunk:
    body = next((inner for inner in map(body.get, _AROUND) if isinstance(inner, dict) and inner.get("choices")), body)
    chunk = Chunk(usage=_usage_of(body), is_reading=isinstance(body.get("prompt_progress"), dict))
    chunk.model, chunk.service_tier = _name_in(body.get("model")), _name_in(body.get("service_tier"))
    if has_citations(body):
        chunk.citations += cited_beside(body)
    known = _choices_in(body.get("choices"))
    for choice in known:
        if choice.get("index") == known[0].get("index"):  # Copilot's have the text in one, calls in the next
            _take_choice(chunk, choice)
    if not known and not is_problem(body.get("error")):
        chunk.other_api = other_api_in(body)
    is_explained = chunk.failure is not None and not chunk.failure.is_unexplained
    if not chunk.other_api and not is_explained and tells_of_failure(body, name, has_choice=bool(known)):
        chunk.failure = error_from_body(body)
    chunk.is_last_count = chunk.usage is not None and not known
    return chunk


def _chunk_elsewhere(body: dict[str, Any]) -> Chunk | None:
    """Return what an event of a name that is not ours says, if it is known."""
    api = other_api_in(body)
    return Chunk(other_api=api) if api else None


def _choices_in(choices: object) -> list[dict[str, Any]]:
    """Return the choices; where there is one, some gateways send it without a list, or by its number."""
    if isinstance(choices, dict):
        choices = [choices] if {"delta", "message", "text"} & choices.keys() else list(choices.values())
    if isinstance(choices, list):
        return [choice for choice in choices if isinstance(choice, dict)]
    if choices:
        raise unreadable()
    return []


def _take_choice(chunk: Chunk, choice: dict[str, Any]) -> None:
    said = choice.get("delta")
    if not isinstance(said, dict):
        said = choice.get("message")
    else:
        chunk.has_delta = True
    if isinstance(said, dict):
        chunk.pieces += pieces_of(said)
        if calls := said.get("tool_calls"):
            chunk.calls += calls_in(calls)
        chunk.calls += older_calls_in(said.get("function_call"))
        chunk.citations += cited_in(said)
        if has_media(said):
            chunk.notices, chunk.is_alive = [_NOT_SHOWN], True
        if isinstance(details := said.get("reasoning_details"), list):
            chunk.details += tuple(detail for detail in details if isinstance(detail, dict))
        chunk.is_alive = chunk.is_alive or bool(chunk.calls or said.get("reasoning_details"))
    elif text := next(filter(_is_text, map(choice.get, ("text", "delta", "content"))), None):
        chunk.pieces.append((Text, text))
        chunk.has_delta = True
    if chunk.usage is None:
        chunk.usage = usage_in_json(choice.get("usage"))
    chunk.logprobs = _logprobs_in(choice.get("logprobs"))
    chunk.mentions_reason = "finish_reason" in choice
    reason = _reason_in(choice) or (_reason_in(said) if isinstance(said, dict) else None)
    native = _reason_of(choice.get("native_finish_reason")) if reason else None
    problem = choice.get("error") or (said.get("error") if isinstance(said, dict) else None)
    has_failed = reason is not None and (is_failed_reason(reason) or is_failed_reason(native or ""))
    if has_failed or is_problem(problem):
        known = {name: choice.get(name) for name in ("error", "native_finish_reason") if choice.get(name)}
        chunk.failure = error_from_body(problem if is_problem(problem) else known)
    else:
        chunk.finish_reason = reason or chunk.finish_reason


def _logprobs_in(value: object) -> tuple[dict[str, Any], ...]:
    return (value,) if value and isinstance(value, dict) else ()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _name_in(value: object) -> str | None:
    return value[:200] or None if isinstance(value, str) and value.isprintable() else None


def _usage_of(body: dict[str, Any]) -> TokenUsage | None:
    usage, groq = body.get("usage"), body.get("x_groq")
    return usage_in_json(usage) or (usage_in_json(groq.get("usage")) if isinstance(groq, dict) else None)


def _reason_in(place: dict[str, Any]) -> str | None:
    return _reason_of(place.get("finish_reason")) or _reason_of(place.get("finishReason"))


def _reason_of(value: object) -> str | None:
    """Return why the answer ends, or None if it does not: `{"type": "length"}` and `["stop"]` have been seen too."""
    if isinstance(value, dict):
        value = value.get("type") or value.get("reason")
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, (str, int, float)):  # a union would be made each time
        return None
    text = str(value)[:LONGEST_REASON].strip()
    if not text.isprintable():
        text = "".join(filter(str.isprintable, text)).strip()
    return None if text.lower() in _NO_REASONS else text
