"""How a model server fails, in our words: its own may hold a key, a prompt or an address.

Codes and types are believed before words, and words before the status alone.
"""

from collections.abc import Mapping
from types import TracebackType

from chatapp.backend.models.openai.busy import busy_error_in
from chatapp.backend.models.openai.refused_parameter import (
    refused_content_in,
    refused_form_in,
    refused_length_in,
    refused_parameter_in,
)
from chatapp.backend.models.openai.retry_after import retry_after_s
from chatapp.backend.models.openai.said import ErrorWords, said_in, said_in_body
from chatapp.backend.models.openai.too_long import number_behind, probably_too_long_in, too_long_in
from chatapp.backend.models.openai.unreachable import error_from_connection, is_out_of_descriptors
from chatapp.errors import (
    ChatappError,
    OverloadedError,
    UpstreamAuthError,
    UpstreamBadResponseError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamUnavailableError,
)

_QUOTA_CODES = (
    "insufficient_quota", "insufficient_user_quota", "insufficient_balance", "insufficient_credits", "quota_exceeded",
    "exceeded_current_quota_error", "billing_not_active", "billing_hard_limit_reached", "payment_required", "402",
    "billing_error", "budget_exceeded", "arrearage", "accountoverdueerror", "1008", "1113",
    "personal-team-blocked:spending-limit", "usage_limit_reached",
)  # fmt: skip
_QUOTA_WORDS = (
    "exceeded your current quota", "insufficient balance", "balance is insufficient", "balance insufficient",
    "credit balance", "run out of credits", "out of credits", "insufficient credits", "not enough credits",
    "quota is not enough", "insufficient quota", "quota has been exhausted", "spending limit", "requires more credits",
    "billing hard limit", "account is not active", "budget has been exceeded", "exceededtokenbudget", "exceededbudget",
    "requires a subscription", "requires a paid plan", "usage limit", "key limit exceeded",
)  # fmt: skip
_RATE_CODES = (
    "rate_limit_exceeded", "rate_limit_error", "rate_limited", "rate_limit", "rate_limit_reached_error",
    "too_many_requests", "resource_exhausted", "ratequota", "throttling", "throttlingexception", "requests", "tokens",
    "429", "1002", "1302", "1303", "ratelimiterror",
)  # fmt: skip
_KEY_CODES = (
    "invalid_api_key", "invalidapikey", "incorrect_api_key", "authentication_error", "invalid_authentication_error",
    "unauthenticated", "unauthorized", "api_key_invalid", "no_db_connection", "token_not_found_in_db", "invalid_token",
    "auth_error", "401", "1004", "2049",
)  # fmt: skip
_KEY_WORDS = ("api key", "api-key", "api_key", "apikey", "no connected db", "authentication", "unauthorized",
              "credential", "invalid token", "access token", "security token", "authorization token")  # fmt: skip
_ANY_KEY_WORDS = (*_KEY_WORDS, "key", "permission", "authoriz", "not allowed to", "forbidden for")
_MODERATION_CODES = ("content_policy_violation", "content_filter", "moderation_blocked", "data_inspection_failed",
                     "datainspectionfailed", "responsibleaipolicyviolation", "prompt_blocked", "1301")  # fmt: skip
_MODERATION_WORDS = ("moderation", "flagged", "content policy", "content management policy", "safety system",
                     "content exists risk")  # fmt: skip
_PLACE_WORDS = ("location is not supported", "country, region, or territory not supported", "region is not supported",
                "not allowed for organization", "not allowed for your organization")  # fmt: skip
_MODEL_CODES = ("model_not_found", "modelnotfound", "model_not_available", "unknown_model", "invalid_model",
                "deploymentnotfound", "model_not_supported", "model_decommissioned")  # fmt: skip
_MODEL_WORDS = (
    "invalid model name", "model not found", "model_not_found", "no such model", "unknown model", "is pinned to",
    "not a valid model", "model not exist", "model does not exist", "try pulling it first", "model is not supported",
    "unsupported model", "does not have access to model", "has been decommissioned", "with on-demand throughput",
    "reached its end of life",
)  # fmt: skip
_OF_MODELS = (
    (
        ("no models loaded", "no model is loaded", "no model loaded", "model unloaded", "model is unloaded",
         "model was unloaded"),
        "the model server has not loaded any model.",
        "Load one there, and ask again.",
    ),
    (
        ("data policy", "guardrail restrictions", "no allowed providers"),
        "nobody offers this model under the settings of your account.",
        "Change them at the model server, or choose another model.",
    ),
    (
        ("support chat completions", "does not support chat", "not a chat model", "not in v1/chat/completions",
         "only supports interactions api", "multiturn chat is not enabled", "response modalities (text)"),
        "this model is not one to chat with.",
        "Choose another model.",
    ),
)  # fmt: skip
"""What servers say of a model that they know, in our words, and what to do: OpenRouter, LM Studio, Groq, Google."""
_ADDRESS_WORDS = ("endpoint was not found", "endpoint not found", "unknown request url", "cannot post", "no route",
                  "route not found", "unexpected endpoint", "resource not found", "invalid url (")  # fmt: skip
_NO_PAGE = ("not found", "404 page not found", "404 not found")
"""All that web servers say where there is nothing at an address."""
_OWN_FAILURES = {408, 409, 424, 425, 498, 499}
"""What is no fault of the question's: text-generation-inference says 424, Groq 498 where nothing is free."""
_GATEWAY_WORDS = ("unexpected eof", "upstream connect error", "bad gateway")
"""What gateways say when the server behind them has hung up; Ollama says it of its cloud with a status of 400."""


class OurErrors:
    """Turns what the `openai` package, its HTTP client and sockets raise in a block into our errors, in our words.

    `proxy` is the address of the proxy on the way, if there is one; what it holds of a password is not shown. It is no
    generator, and imports the packages where something fails only: every question goes through it.
    """

    def __init__(self, model: str, *, proxy: str | None = None) -> None:
        self._model = model
        self._proxy = proxy

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is not None and (ours := self._ours(error)):
            raise ours from None

    def _ours(self, error: BaseException) -> ChatappError | None:
        import httpx2  # noqa: PLC0415 - half a second that no start has to wait for
        from openai import APIConnectionError, APIError, APIStatusError, OpenAIError  # noqa: PLC0415

        if isinstance(error, APIStatusError):
            said = error.response
            return error_from_response(error.status_code, said.headers, said.content, self._model)
        if isinstance(error, OSError | httpx2.HTTPError | OpenAIError) and is_out_of_descriptors(error):
            return OverloadedError(
                "Too many connections are open.", hint="Ask again in a moment, or raise `ulimit -n`.", retry_after=1
            )
        if isinstance(error, APIConnectionError | httpx2.TransportError | OSError):
            return error_from_connection(error, proxy=self._proxy)
        if isinstance(error, APIError):
            return error_from_body(error.body)
        if isinstance(error, OpenAIError | httpx2.HTTPError | httpx2.InvalidURL | ValueError):
            return UpstreamBadResponseError("the model server's answer cannot be read.")
        return None


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, model: str, *, has_key: bool = True
) -> UpstreamError:
    """Return the error for a status outside 2xx. `has_key`: the server was given one."""
    said = said_in_body(body)
    if explained := _error_from(said, status, headers, model):
        return explained
    error = _error_from_status_alone(status, said, headers, model, has_key)
    error.is_unexplained = True
    return error


def error_from_body(body: object, *, model: str = "") -> UpstreamError:
    """Return the error for an error object that came instead of a chunk, or beside one."""
    said = said_in(body)
    if explained := _error_from(said, said.status or 0, {}, model):
        return explained
    what = "the model server reports a failure."
    error = UpstreamUnavailableError(what, hint="Ask again.", retry_after=retry_after_s({}, said))
    error.is_unexplained = True
    return error


def model_not_found(
    model: str, *, hint: str = "Set MODEL_NAME to one it has, and check BASE_URL."
) -> UpstreamModelNotFoundError:
    """Return the error for a model server without `model`."""
    named = f"the model {model[:100]!r}" if model else "this model"
    return UpstreamModelNotFoundError(f"the model server does not have {named}.", hint=hint)


def _error_from(said: ErrorWords, status: int, headers: Mapping[str, str], model: str) -> UpstreamError | None:
    """Return what the body says, whatever the status; None if it says nothing that we know.

    The order matters: a limit per minute that the question alone exceeds is too long, not too often; a 401 or 403 may
    be about money; a refused `max_tokens` talks of windows.
    """
    return (
        _length_error(said, status)
        or _money_or_pace_error(said, status, headers)
        or _access_error(said, status, model)
        or refused_content_in(said)
        or (refused_form_in(said) if status != 429 else None)  # noqa: PLR2004 - some say it with status 404
        or (refused_parameter_in(said) if status not in {404, 429} else None)
        or _model_error(said, model)
        or (probably_too_long_in(said) if status in {0, 400, 413, 422, 500} else None)
        or (busy_error_in(said, headers) if status in {0, 400, 404} or status >= 500 else None)  # noqa: PLR2004
        or (_hung_up(status) if said.says(*_GATEWAY_WORDS) else None)
    )


def _length_error(said: ErrorWords, status: int) -> UpstreamError | None:
    return None if status in {401, 402, 403} else refused_length_in(said) or too_long_in(said)


def _money_or_pace_error(said: ErrorWords, status: int, headers: Mapping[str, str]) -> UpstreamError | None:
    """Tell an empty account from too many questions: Groq and Gemini talk of billing in every 429."""
    wait_s = retry_after_s(headers, said)
    is_throttled = any(code.startswith("throttling") for code in said.codes)
    is_empty = status == 402 or said.has_code(*_QUOTA_CODES)  # noqa: PLR2004
    if is_empty and not is_throttled:
        return _no_quota(said)
    has_pace = status == 429 or said.has_code(*_RATE_CODES) or is_throttled  # noqa: PLR2004
    if said.says(*_QUOTA_WORDS) and not (has_pace and (wait_s is not None or said.has_code(*_PACE_ONLY_CODES))):
        return _no_quota(said)
    if has_pace and status not in {401, 403, 404}:
        return UpstreamRateLimitedError(
            "the model server is being asked too often.", hint="Wait a moment and ask again.", retry_after=wait_s
        )
    return None


_PACE_ONLY_CODES = tuple(code for code in _RATE_CODES if code not in {"429", "resource_exhausted"})
"""Codes of a limit per minute; 429 alone is both, and so is Google's, which then says how long to wait."""


def _access_error(said: ErrorWords, status: int, model: str) -> UpstreamError | None:
    if said.has_code(*_MODEL_CODES):
        return model_not_found(model)
    if said.has_code(*_MODERATION_CODES) or (status in {0, 400, 403} and said.says(*_MODERATION_WORDS)):
        return _refused_by_moderation(status)
    is_about_key = said.has_code(*_KEY_CODES) or (status == 400 and said.says(*_KEY_WORDS))  # noqa: PLR2004
    if status == 401 or is_about_key or (status == 403 and said.says(*_ANY_KEY_WORDS)):  # noqa: PLR2004
        return UpstreamAuthError("the model server does not accept the API key.", hint="Check OPENAI_API_KEY.")
    if status == 403 or said.says(*_PLACE_WORDS):  # noqa: PLR2004
        return UpstreamAuthError(
            f"the model server, or a firewall in front of it, refuses us (status {status}).",
            hint="Check that BASE_URL may be asked from this network and region, and that the key may use this model.",
        )
    return None


def _refused_by_moderation(status: int) -> UpstreamError:
    what = "the model server's moderation refuses the question."
    hint = "Word it differently, or choose another model."
    return UpstreamAuthError(what, hint=hint) if status == 403 else UpstreamBadResponseError(what, hint=hint)  # noqa: PLR2004


def _model_error(said: ErrorWords, model: str) -> UpstreamError | None:
    if said.says("requires terms acceptance", "accept the terms"):  # Groq
        hint = "Let an administrator of the account accept them at the model server, or choose another model."
        return UpstreamAuthError("the terms of this model have not been accepted.", hint=hint)
    for phrases, what, hint in _OF_MODELS:
        if said.says(*phrases):
            known = UpstreamModelNotFoundError(what, hint=hint)
            known.keeps_hint = not hint.startswith("Choose")
            return known
    names_it = bool(model) and f"{model.lower()}" in said.words
    is_missing = "model" in said.words and said.says("does not exist", "not found", "not available", "doesn't exist")
    return model_not_found(model) if said.says(*_MODEL_WORDS) or (names_it and is_missing) else None


def _hung_up(status: int) -> UpstreamUnavailableError:
    return UpstreamUnavailableError(f"the model server reports a failure (status {status}).", hint="Ask again later.")


def _no_quota(said: ErrorWords) -> UpstreamQuotaError:
    """Return the error with the number that OpenRouter states: it wants credit for the longest answer beforehand."""
    if prompt := number_behind(said.words, ("prompt tokens limit exceeded: ",)):
        most = number_behind(said.words, (f"{prompt} > ",))
        return UpstreamQuotaError(
            f"the account's credit is enough to read {most or 'fewer than ' + str(prompt)} tokens.",
            hint="Start a new chat or shorten the question, or add credit at the model server.",
        )
    if (tokens := number_behind(said.words, ("can only afford ",))) is None:
        return UpstreamQuotaError("the account has no quota left.", hint="Check plan and billing of the model server.")
    error = UpstreamQuotaError(
        f"the account's credit is enough for an answer of {tokens} tokens.",
        hint=f"Let max_tokens be {tokens} at most, or add credit at the model server.",
    )
    error.answer_tokens = tokens
    return error


def _error_from_status_alone(
    status: int, said: ErrorWords, headers: Mapping[str, str], model: str, has_key: bool
) -> UpstreamError:
    is_no_place = said.words in _NO_PAGE or (said.says(*_ADDRESS_WORDS) and not said.says("model"))
    if status == 404 and is_no_place:  # noqa: PLR2004
        what = "the model server has no chat at this address (status 404)."
        return UpstreamBadResponseError(what, hint="Check BASE_URL: most end in /v1.")
    if status == 404:  # noqa: PLR2004
        return model_not_found(model)
    if status >= 500 or status in _OWN_FAILURES:  # noqa: PLR2004
        hint = "Ask again later." if has_key else "Ask again later; if it needs a key, set OPENAI_API_KEY."
        return UpstreamUnavailableError(
            f"the model server reports a failure (status {status}).",
            hint=hint,
            retry_after=retry_after_s(headers, said),
        )
    if status < 400:  # noqa: PLR2004
        return UpstreamBadResponseError("the model server sends us elsewhere.", hint="Check BASE_URL.")
    hint = "Check BASE_URL and the parameters."
    if status == 413:  # noqa: PLR2004
        hint = "Send less or smaller files, or start a new chat; a proxy before the server may set the limit."
    return UpstreamBadResponseError(f"the model server does not accept the request (status {status}).", hint=hint)
