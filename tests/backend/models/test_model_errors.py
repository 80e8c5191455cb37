"""What a refusal means: by its codes before its words, and by its words before its status."""

import json
import ssl
import time
from email.utils import formatdate
from typing import Any

import pytest

from chatapp.backend.models.openai.errors import OurErrors, error_from_body, error_from_response
from chatapp.backend.models.openai.unreachable import error_from_connection
from chatapp.errors import (
    ContextLengthExceededError,
    UpstreamAuthError,
    UpstreamBadResponseError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamParameterRefusedError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamUnavailableError,
)
from support.refusals import PARAMETERS, TOO_LONG

FILTERED = {
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ""},
            "finish_reason": "content_filter",
            "content_filter_results": {"error": {"code": "content_filter", "message": "blocked by label"}},
        }
    ]
}


def refused(status: int, body: Any, **headers: str) -> UpstreamError:
    sent = {"error": {"message": body}} if isinstance(body, str) else body
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from_response(status, names, json.dumps(sent).encode(), "m1")


@pytest.mark.parametrize(("status", "body", "window", "sent"), TOO_LONG.values(), ids=TOO_LONG.keys())
def test_every_vendor_s_wording_of_too_long_is_known(
    status: int, body: Any, window: int | None, sent: int | None
) -> None:
    error = error_from_body(body) if status == 200 else refused(status, body)

    assert isinstance(error, ContextLengthExceededError)
    assert (error.window, error.prompt_tokens) == (window, sent)


@pytest.mark.parametrize(("status", "body", "parameter", "limit"), PARAMETERS.values(), ids=PARAMETERS.keys())
def test_a_refused_parameter_is_named_with_its_limit(status: int, body: Any, parameter: str, limit: int | None) -> None:
    error = refused(status, body)

    assert isinstance(error, UpstreamParameterRefusedError)
    assert (error.parameter, error.limit) == (parameter, limit)


def test_what_a_server_calls_a_parameter_is_shown_only_if_it_can_be_one() -> None:
    body = {"error": {"message": "No.", "param": "<script>sk-key", "code": "unsupported_parameter"}}
    error = refused(400, body)

    assert "script" not in str(error.as_dict())


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({"retry_after": "7"}, "", 7),
        ({"retry_after": "7.66"}, "", 8),
        ({"retry_after": " 0.25 "}, "", 1),
        ({"retry_after_ms": "1500", "retry_after": "9"}, "", 2),
        ({"retry_after_ms": "soon", "retry_after": "9"}, "", 9),
        ({"retry_after": "nan"}, "", None),
        ({"retry_after": "-5"}, "", None),
        ({"retry_after": "1_0"}, "", None),
        ({"retry_after": "9" * 400}, "", 86_400),
        ({"retry_after": "20s"}, "", 20),
        ({}, "Please try again in 1.98s. Need more tokens?", 2),
        ({}, "Please retry in 34.074824224s.", 35),
        ({}, "Please try again in 7m12.5s.", 433),
        ({}, "All accounts have exhausted their quota (reset after 5m)", 300),
        ({}, "Please try again in 350ms.", 1),
        ({}, "Please retry after 20 seconds.", 20),
        ({}, "Try again in a while.", None),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(headers: dict[str, str], words: str, seconds: int | None) -> None:
    error = refused(429, f"Rate limit. {words}", **headers)

    assert isinstance(error, UpstreamRateLimitedError)
    assert error.retry_after == seconds


def test_how_long_to_wait_may_be_a_date_or_a_field() -> None:
    details = {"error": {"code": 429, "details": [{"@type": "x.RetryInfo", "retryDelay": "34s"}]}}

    assert refused(429, "No.", retry_after=formatdate(time.time() + 60, usegmt=True)).retry_after in range(57, 62)
    assert refused(429, details).retry_after == 34


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            403,
            {"error": "You have run out of credits", "code": "personal-team-blocked:spending-limit"},
            UpstreamQuotaError,
        ),
        (400, "Your credit balance is too low to access the API.", UpstreamQuotaError),
        (429, {"error": {"code": "1113", "message": "Insufficient balance"}}, UpstreamQuotaError),
        (429, {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded."}, UpstreamRateLimitedError),
        (400, "Authentication Fails, Your api key is invalid", UpstreamAuthError),
        (
            429,
            "you (me) have reached your session usage limit, upgrade for higher limits",
            UpstreamQuotaError,
        ),  # Ollama
        (429, {"error": {"type": "usage_limit_reached", "message": "The limit is reached"}}, UpstreamQuotaError),
        (
            410,  # NVIDIA (freellmapi#634)
            {"title": "Gone", "status": 410, "detail": "The model 'm1' has reached its end of life on 2026-05-14."},
            UpstreamModelNotFoundError,
        ),
        (503, {"error": "Model x is currently loading", "estimated_time": 20.5}, UpstreamUnavailableError),
    ],
)
def test_a_refusal_has_the_class_that_it_means(status: int, body: Any, kind: type[UpstreamError]) -> None:
    assert type(refused(status, body)) is kind


def test_a_server_that_loads_says_when_to_come_back() -> None:
    assert refused(503, {"error": "Model x is currently loading", "estimated_time": 20.5}).retry_after == 21


@pytest.mark.parametrize(
    "body", [b"{" * 100_000, b'"' + b"a" * 100_000, b"\xff" * 50, b"[[[[[[[[[[]]]]]]]]]]", b"7", b""]
)
def test_what_cannot_be_read_is_judged_by_its_status(body: bytes) -> None:
    assert "(status 400)" in error_from_response(400, {}, body, "m1").detail


def test_a_large_refusal_is_judged_quickly() -> None:
    body = json.dumps(
        {"error": {"message": "context maximum tokens retry in " * 5000, "details": [{}] * 5000}}
    ).encode()

    began = time.thread_time()  # which others on this machine do not use up
    error_from_response(400, {}, body, "m1")

    assert time.thread_time() - began < 0.5


def certificate_error(number: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = number
    return error


@pytest.mark.parametrize(
    ("error", "says", "hints"),
    [
        (certificate_error(20), "certificate is not trusted here", "SSL_CERT_FILE"),
        (certificate_error(18), "certificate is not trusted here", "REQUESTS_CA_BUNDLE"),
        (certificate_error(62), "certificate is for another name", "BASE_URL"),
        (certificate_error(10), "certificate has expired", "Renew"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "cannot be reached", "BASE_URL"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(error: OSError, says: str, hints: str) -> None:
    with pytest.raises(UpstreamUnavailableError, match=says) as caught, OurErrors("m1"):
        raise ConnectionError("wrapped") from error

    assert hints in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants to see a certificate of ours"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "refuses the TLS that this machine offers"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "refuses the TLS that this machine offers"),
        ("UNEXPECTED_EOF_WHILE_READING", "cannot be reached"),
    ],
)
def test_what_a_server_has_against_our_tls_is_said(reason: str, says: str) -> None:
    error = ssl.SSLError(1, "no")
    error.reason = reason

    assert says in error_from_connection(error).detail


def test_a_proxy_that_wants_a_user_is_told_from_a_server_that_wants_another_key() -> None:
    asks = {"www-authenticate": 'Basic realm="x"'}
    page = b"<html><head><title>401 Authorization Required</title></head><body>nginx</body></html>"

    assert "wants a user and a password" in error_from_response(401, asks, page, "m1").detail
    said = b'{"error": {"message": "Incorrect API key provided"}}'
    assert "does not accept the API key" in error_from_response(401, asks, said, "m1").detail


def test_a_proxy_is_named_without_its_password() -> None:
    import httpx2  # noqa: PLC0415

    with pytest.raises(UpstreamUnavailableError) as caught, OurErrors("m1", proxy="http://me:secret@proxy.test:3128"):
        raise httpx2.ProxyError("407 Proxy Authentication Required")

    assert "the proxy proxy.test:3128 wants a user and a password" in caught.value.detail
    assert "secret" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    ("status", "message", "kind", "hint"),
    [
        (400, "No models loaded. Please load a model.", UpstreamModelNotFoundError, "Load one"),
        (404, "No endpoints found matching your data policy.", UpstreamModelNotFoundError, "Change them"),
        (404, "No allowed providers are available for the selected model.", UpstreamModelNotFoundError, "Change them"),
        (400, "The model m1 requires terms acceptance. Please accept.", UpstreamAuthError, "administrator"),
        (400, "The model m1 does not support chat completions", UpstreamModelNotFoundError, "another model"),
        (404, "This is not a chat model and thus not supported.", UpstreamModelNotFoundError, "another model"),
        (
            404,
            "This model is only in v1/responses and not in v1/chat/completions.",
            UpstreamModelNotFoundError,
            "other",
        ),
        (400, "Invocation of m1 with on-demand throughput isn't supported.", UpstreamModelNotFoundError, "MODEL_NAME"),
        (400, "Provider not allowed for organization", UpstreamAuthError, "the key may use this model"),
        (
            402,
            "Prompt tokens limit exceeded: 230799 > 91442. To increase, visit",
            UpstreamQuotaError,
            "Start a new chat",
        ),
        (400, "unexpected EOF", UpstreamUnavailableError, "later"),
        (
            400,
            "The model has crashed without additional information. (Exit code: 6)",
            UpstreamUnavailableError,
            "later",
        ),
        (404, "No endpoints found for m1:free.", UpstreamModelNotFoundError, "MODEL_NAME"),
        (404, "The requested endpoint was not found.", UpstreamBadResponseError, "BASE_URL: most end in /v1"),
        (400, "The model `m1` has been decommissioned.", UpstreamModelNotFoundError, "MODEL_NAME"),
        (
            500,
            "model requires more system memory (7.5 GiB) than is available (5.2 GiB)",  # continue#12795
            UpstreamUnavailableError,
            "a smaller model",
        ),
        (400, 'Failed to load model "m1". Error: insufficient system resources', UpstreamUnavailableError, "smaller"),
        (404, "Model was unloaded while the request was still in queue.", UpstreamModelNotFoundError, "Load one"),
        (400, '"m1" does not support chat', UpstreamModelNotFoundError, "another model"),
        (400, "Budget has been exceeded! Current cost: 10.2, Max budget: 10.0", UpstreamQuotaError, "billing"),
        (401, "Authentication Error, ExceededTokenBudget: Current spend for token: 7.2", UpstreamQuotaError, "billing"),
        (403, "this model requires a subscription, upgrade for access", UpstreamQuotaError, "plan"),
        (403, "The security token included in the request is expired", UpstreamAuthError, "OPENAI_API_KEY"),
        (404, "Resource not found", UpstreamBadResponseError, "BASE_URL: most end in /v1"),
        (404, {"detail": "Not Found"}, UpstreamBadResponseError, "BASE_URL: most end in /v1"),
        (404, "Invalid URL (POST /chat/completions)", UpstreamBadResponseError, "BASE_URL: most end in /v1"),  # OpenAI
        (424, "Request failed during generation: CUDA error", UpstreamUnavailableError, "later"),  # Hugging Face's TGI
        (498, {"error": {"code": "capacity_exceeded", "message": "No."}}, UpstreamUnavailableError, "later"),  # Groq
        (403, "Key limit exceeded (total limit). Manage it", UpstreamQuotaError, "billing"),  # OpenRouter
        (400, {"code": 400, "msg": "Authorization Token is missing"}, UpstreamAuthError, "OPENAI_API_KEY"),
        (413, "Payload Too Large", UpstreamBadResponseError, "smaller files"),
        (504, "Gateway Time-out", UpstreamUnavailableError, "let the proxy before the server wait longer"),
        (524, "error code: 524", UpstreamUnavailableError, "let the proxy before the server wait longer"),
        (
            400,
            {
                "error": {
                    "message": "Invalid value: 'tool'. Supported values are: 'system', 'assistant', and 'user'.",
                    "param": "messages[2].role",
                }
            },
            UpstreamBadResponseError,
            "parameters",
        ),
        (
            400,  # Azure Foundry, of an answer that is not streamed (experiential#967)
            FILTERED,
            UpstreamBadResponseError,
            "Word it differently",
        ),
        (400, "Content Exists Risk", UpstreamBadResponseError, "Word it differently"),  # DeepSeek (BettaFish#108)
        (400, "User location is not supported for the API use.", UpstreamAuthError, "this network and region"),
    ],
)
def test_what_keeps_a_server_from_answering_is_told_with_what_to_do(
    status: int, message: Any, kind: type[UpstreamError], hint: str
) -> None:
    error = refused(status, message)

    assert type(error) is kind
    assert hint in (error.hint or "")
