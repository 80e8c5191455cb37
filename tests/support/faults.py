"""The faults of a model server, and the one outcome that each of them has."""

import gzip
from dataclasses import dataclass

from support import scripts
from support.scripts import STREAM_ERROR, Script, answer, hang_up, html, raw, redirect, reset, respond, status

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TOO_LONG = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."


@dataclass(frozen=True)
class Fault:
    """What the model server does, and what comes of it. `tries`: how often it is asked."""

    script: Script
    code: str
    says: str
    status: int = 500
    tries: int = 1
    is_midway: bool = False


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
    "404 page": Fault(html(404), "upstream_model_not_found", "have the model 'stub-model'"),
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

FAULTS = {**REFUSED, **BROKEN}
