"""The faults of a model server, and the one outcome that each of them has."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from support import scripts
from support.scripts import STREAM_ERROR, Script, answer, delta, hang_up, html, raw, redirect, reset, respond, status
from support.valid_completions import native_end

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TOO_LONG = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."


@dataclass(frozen=True)
class Fault:
    """What the model server does, and what comes of it. `tries`: how often it is asked.

    `tries_elsewhere`: how often it may be asked at its other address too, which is done once for each server.
    """

    script: Script
    code: str
    says: str
    status: int = 500
    tries: int = 1
    is_midway: bool = False
    tries_elsewhere: int = 0

    def asks(self, hits: int) -> bool:
        """Return whether the server is asked `hits` times for this."""
        return self.tries <= hits <= self.tries + self.tries_elsewhere


def midway(script: Script, code: str, says: str) -> Fault:
    return Fault(script, code, says, is_midway=True)


REFUSED = {
    "400": Fault(status(400), "upstream_bad_response", "does not accept the request (status 400)"),
    "400 about the key": Fault(status(400, "API key not valid."), "upstream_auth", "does not accept the API key"),
    "400 too long": Fault(status(400, TOO_LONG, code="context_length_exceeded"), "context_length_exceeded", "longer"),
    "400 too long without a code": Fault(status(400, TOO_LONG), "context_length_exceeded", "longer"),
    "401": Fault(status(401, code="invalid_api_key"), "upstream_auth", "does not accept the API key"),
    "402": Fault(status(402), "upstream_quota", "no quota left"),
    "403": Fault(status(403), "upstream_auth", "does not accept the API key"),
    "404": Fault(status(404, code="model_not_found"), "upstream_model_not_found", "have the model 'stub-model'"),
    "404 page": Fault(html(404), "upstream_model_not_found", "have the model 'stub-model'", tries_elsewhere=1),
    "408": Fault(status(408), "upstream_unavailable", "reports a failure (status 408)", tries=2),
    "409": Fault(status(409), "upstream_unavailable", "reports a failure (status 409)", tries=2),
    "413": Fault(status(413), "upstream_bad_response", "does not accept the request (status 413)"),
    "422": Fault(status(422), "upstream_bad_response", "does not accept the request (status 422)"),
    "429": Fault(status(429), "upstream_rate_limited", "asked too often", status=429, tries=2),
    "429 for long": Fault(status(429, Retry_After="7"), "upstream_rate_limited", "asked too often", status=429),
    "429 for ever": Fault(status(429, Retry_After="9" * 400), "upstream_rate_limited", "too often", status=429),
    "429 until some day": Fault(status(429, Retry_After="soon"), "upstream_rate_limited", "often", status=429, tries=2),
    "429 no quota": Fault(status(429, code="insufficient_quota"), "upstream_quota", "no quota left"),
    "500": Fault(status(500), "upstream_unavailable", "reports a failure (status 500)", tries=2),
    "502 page": Fault(html(502), "upstream_unavailable", "reports a failure (status 502)", tries=2),
    "503": Fault(status(503, Retry_After="1"), "upstream_unavailable", "reports a failure (status 503)", tries=2),
    "a page": Fault(html(), "upstream_bad_response", "not a chat completion"),
    "nothing": Fault(respond(204, b""), "upstream_bad_response", "not a chat completion"),
    "a redirect": Fault(redirect("http://10.0.0.7/v1"), "upstream_bad_response", "sends us elsewhere"),
    "RST at once": Fault(reset, "upstream_unavailable", "cannot be reached", tries=2),
    "EOF at once": Fault(hang_up, "upstream_unavailable", "cannot be reached", tries=2),
    "401 cut off": Fault(raw(b"HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n{"), "upstream_auth", "the API key"),
    "compressed": Fault(
        respond(200, gzip.compress(b"{}"), Content_Type="application/json", Content_Encoding="gzip"),
        "upstream_bad_response",
        "came compressed",
    ),
    "no HTTP": Fault(raw(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"), "upstream_bad_response", "cannot be read"),
}

BROKEN = {
    "RST": midway(answer("a", 0.02, "b", reset), "incomplete", "broke"),
    "EOF": midway(answer("a", 0.02, "b", hang_up), "incomplete", "broke"),
    "a clean end": midway(answer("a", finish=None, done=False), "incomplete", "broke off"),
    "an end without length": midway(raw(HEAD, scripts.event(scripts.delta(content="a"))), "incomplete", "broke off"),
    "nothing but an end": Fault(
        answer(role=False, finish=None, usage=False, done=False), "incomplete", "broke off", tries=2, is_midway=True
    ),
    "nothing but [DONE]": Fault(
        answer(role=False, finish=None, usage=False), "incomplete", "before it began", tries=2, is_midway=True
    ),
    "a role and [DONE]": Fault(
        answer(finish=None, usage=False), "incomplete", "before it began", tries=2, is_midway=True
    ),
    "a stop without a word": Fault(answer(usage=False), "incomplete", "before it began", tries=2, is_midway=True),
    "loaded and nothing else": Fault(
        answer(usage=False, finish="load"), "incomplete", "before it began", tries=2, is_midway=True
    ),
    "a full window and nothing else": Fault(
        answer(usage=False, finish="model_context_window_exceeded"), "context_length_exceeded", "longer", is_midway=True
    ),
    "a provider's network": midway(
        answer("a", native_end("network_error"), finish=None), "upstream_unavailable", "reports a failure"
    ),
    "[DONE] in the middle": midway(answer("a", " of", finish=None, usage=False), "incomplete", "broke off"),
    "the word null and a cut": midway(answer(delta(content="a", finish="null"), reset), "incomplete", "broke"),
    "a cut behind taken back ends": midway(
        answer(delta(content="a", finish="stop"), 0.02, delta(content="b", finish="stop"), 0.02, reset),
        "incomplete",
        "broke",
    ),
    "half an event at the end": midway(
        answer("a", b'data: {"choices":[{"del', finish=None, usage=False, done=False), "incomplete", "broke off"
    ),
    "an error object": midway(answer("a", STREAM_ERROR), "upstream_unavailable", "reports a failure"),
    "an error object first": midway(answer(STREAM_ERROR, role=False), "upstream_unavailable", "reports a failure"),
    "an error event": midway(answer("a", b"event: error\ndata: {}\n\n"), "upstream_unavailable", "reports a failure"),
    "an error text": midway(answer({"error": "No more of 10.0.0.7"}), "upstream_unavailable", "reports a failure"),
    "a quota error": midway(answer({"error": {"code": "insufficient_quota"}}), "upstream_quota", "no quota"),
    "an error as JSON": midway(respond(200, {"error": {"message": "No."}}), "upstream_unavailable", "a failure"),
    "JSON without an answer": midway(respond(200, {}), "upstream_bad_response", "no answer"),
    "JSON that is a list": midway(respond(200, b"[]", Content_Type="application/json"), "upstream_bad_response", ""),
    "bad JSON": midway(answer("a", b"data: {oops\n\n"), "upstream_bad_response", "cannot be read"),
    "half a chunk": midway(answer("a", b'data: {"choices": [\n\n'), "upstream_bad_response", "cannot be read"),
    "a list": midway(answer("a", b"data: []\n\n"), "upstream_bad_response", "cannot be read"),
    "a word": midway(answer("a", b"data: DONE\n\n"), "upstream_bad_response", "cannot be read"),
    "a page midway": midway(answer("a", f"data: {scripts.HTML}\n\n".encode()), "upstream_bad_response", "cannot be"),
    "a number for text": midway(answer(scripts.delta(content=5)), "upstream_bad_response", "cannot be read"),
    "invalid UTF-8": midway(
        answer("a", b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n'), "upstream_bad_response", "cannot be read"
    ),
    "nested deep": midway(answer("a", b"data: " + b"[" * 100_000 + b"\n\n"), "upstream_bad_response", "cannot be read"),
    "a line of 64 MB": midway(answer("a", scripts.long_line(64)), "upstream_bad_response", "too large"),
    "an answer without end": midway(answer(scripts.endless("x" * 10_000)), "answer_too_long", "longer than allowed"),
}

GROQ_429 = (
    "Rate limit reached for model `x` on tokens per minute (TPM): Limit 12000, Used 2542, Requested 9855. Please try "
    "again in %ss. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
)
GEMINI_429 = "You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s."
FREE_429 = "Rate limit reached. You can increase it by adding a payment method at https://x.test/account/billing."
MAX_TOKENS = (
    "`max_tokens` must be less than or equal to `16384`, the maximum value for `max_tokens` is less than the "
    "`context_window` for this model"
)
VLLM_MAX = (
    "'max_tokens' or 'max_completion_tokens' is too large: 20000. This model's maximum context length is 8192 tokens "
    "and your request has 10 input tokens (20000 > 8192 - 10)."
)


def said(status_code: int, body: scripts.Chunk | str, code: str, says: str, **changes: Any) -> Fault:
    """Return a refusal with a body: a dict as it is, a sentence as OpenAI would send it."""
    sent = {"error": {"message": body}} if isinstance(body, str) else body
    headers = changes.pop("headers", {})
    return Fault(respond(status_code, sent, **headers), code, says, **changes)


def paced(body: scripts.Chunk | str, **changes: Any) -> Fault:
    return said(429, body, "upstream_rate_limited", "asked too often", status=429, **changes)


REFUSED_AS_SPOKEN = {
    "429 of Groq": paced({"error": {"message": GROQ_429 % 7.66, "type": "tokens", "code": "rate_limit_exceeded"}}),
    "429 of OpenAI's free tier": paced({"error": {"message": FREE_429, "code": "rate_limit_exceeded"}}, tries=2),
    "429 of Gemini": paced({"error": {"code": 429, "message": GEMINI_429, "status": "RESOURCE_EXHAUSTED"}}),
    "429 of Gemini in a list": Fault(
        respond(
            429, json.dumps([{"error": {"code": 429, "message": GEMINI_429}}]).encode(), Content_Type="application/json"
        ),
        "upstream_rate_limited",
        "asked too often",
        status=429,
    ),
    "429 of Qwen": paced({"code": "Throttling.AllocationQuota", "message": "insufficient_quota"}, tries=2),
    "429 with a float": paced("Slow down.", headers={"Retry_After": "7.66"}),
    "429 in milliseconds": paced("Slow down.", headers={"Retry_After_Ms": "7660", "Retry_After": "1"}),
    "429 without credit": said(429, "You exceeded your current quota.", "upstream_quota", "no quota left"),
    "401 without credit": said(401, "Insufficient balance. Manage your billing here.", "upstream_quota", "no quota"),
    "403 without credit": said(
        403,
        {"error": {"message": "user quota is not enough", "code": "insufficient_user_quota"}},
        "upstream_quota",
        "quota",
    ),
    "403 of a firewall": Fault(html(403), "upstream_auth", "a firewall in front of it, refuses us (status 403)"),
    "403 of moderation": said(
        403,
        {"error": {"code": 403, "message": "x requires moderation. Your input was flagged."}},
        "upstream_auth",
        "moderation",
    ),
    "400 of moderation": said(
        400, {"error": {"code": "content_filter", "message": "filtered"}}, "upstream_bad_response", "moderation"
    ),
    "400 of litellm about the key": said(
        400, {"error": {"message": "No connected db.", "type": "no_db_connection"}}, "upstream_auth", "the API key"
    ),
    "400 of litellm about the model": said(
        400, "Invalid model name passed in model=stub-model.", "upstream_model_not_found", "the model 'stub-model'"
    ),
    "400 of transformers about the model": said(
        400, {"detail": "Server is pinned to 'x'"}, "upstream_model_not_found", "the model 'stub-model'"
    ),
    "400 about max_tokens": said(400, MAX_TOKENS, "upstream_parameter_refused", "a max_tokens of more than 16384"),
    "400 about max_tokens of vLLM": said(400, VLLM_MAX, "upstream_parameter_refused", "a max_tokens of more than 8192"),
    "400 about a parameter": said(
        400,
        {"error": {"message": "Unsupported parameter.", "param": "max_tokens", "code": "unsupported_parameter"}},
        "upstream_parameter_refused",
        "take a max_tokens as it is given",
    ),
    "503 while loading": said(
        503, {"error": {"code": 503, "message": "Loading model"}}, "upstream_unavailable", "still loading", tries=2
    ),
    "529": said(503, {"error": {"type": "overloaded_error"}}, "upstream_unavailable", "overloaded", tries=2),
}

FAILED: scripts.Chunk = delta(content="", finish="error")
FAILED["choices"][0]["error"] = {"code": 502, "message": "Upstream error"}


def failing(*steps: scripts.Step, code: str = "upstream_unavailable", says: str = "reports a failure") -> Fault:
    return midway(answer(*steps), code, says)


BROKEN_AS_SPOKEN = {
    "an error in the choice": failing("Hel", FAILED),
    "an error for a finish reason": failing("Hel", delta(finish="error")),
    "an error beside text": failing({"choices": [{"delta": {"content": "a"}, "error": {"message": "No."}}]}),
    "an abort": failing("a", delta(finish="abort")),
    "no resources": failing("a", delta(finish="insufficient_system_resource")),
    "an error behind the end": failing("a", delta(finish="stop"), STREAM_ERROR),
    "an error beside null choices": failing({"choices": None, "error": {"message": "No."}}),
    "an error of DeepInfra": failing(
        {"choices": None, "error_message": TOO_LONG}, code="context_length_exceeded", says="longer"
    ),
    "an error code beside null choices": failing({"choices": None, "error_code": 500, "text": "No."}),
    "an object that is an error": failing({"object": "error", "message": "No.", "code": 500}),
    "a detail": failing({"detail": "No."}),
    "a message": failing({"message": "No."}),
    "an error that is no JSON": failing(b'data: {"error": "a "quoted" word"}\n\n'),
    "an error of MiniMax": failing({"choices": None, "base_resp": {"status_code": 1013, "status_msg": "No."}}),
    "429 inside": Fault(
        answer({"error": {"code": 429, "message": "Try later."}}),
        "upstream_rate_limited",
        "asked too often",
        status=429,
        is_midway=True,
    ),
    "too long inside": failing(
        {"error": {"message": TOO_LONG, "code": 400}}, code="context_length_exceeded", says="longer"
    ),
    "a page that says it is a stream": midway(
        respond(200, scripts.HTML, Content_Type="text/event-stream"), "upstream_bad_response", "not a chat completion"
    ),
}

REFUSED |= REFUSED_AS_SPOKEN
BROKEN |= BROKEN_AS_SPOKEN
FAULTS = {**REFUSED, **BROKEN}
