"""How a model server fails, in our words: its own may hold a key, a prompt or an address."""

import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from chatapp.errors import (
    ContextLengthExceededError,
    UpstreamAuthError,
    UpstreamBadResponseError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)

_CONTEXT = re.compile(
    r"context.{0,20}(length|window|size)|maximum.{0,20}(context|tokens)|too many tokens", re.IGNORECASE
)
_QUOTA = re.compile(r"insufficient_quota|billing|credit|exceeded your current quota", re.IGNORECASE)
_KEY = re.compile(r"api.?key", re.IGNORECASE)


@contextmanager
def our_errors(model: str) -> Iterator[None]:
    """Turn what the `openai` package, its HTTP client and sockets raise into our errors, without a word of theirs."""
    import httpx2  # noqa: PLC0415
    from openai import APIConnectionError, APIError, APIStatusError, OpenAIError  # noqa: PLC0415

    try:
        yield
    except APIStatusError as error:
        raise error_from_response(error.status_code, error.response.headers, error.response.content, model) from None
    except (APIConnectionError, httpx2.TransportError, OSError) as error:
        raise _error_from_connection(error) from None
    except APIError as error:
        raise error_from_body(error.body) from None
    except (OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        raise UpstreamBadResponseError("the model server's answer cannot be read.") from None


def _error_from_connection(error: Exception) -> UpstreamError:
    if _is_timeout(error):
        return UpstreamTimeoutError("the model server cannot be reached in time.", hint="Check BASE_URL.")
    return UpstreamUnavailableError(
        "the model server cannot be reached.",
        hint="Check that it runs and that BASE_URL is its address, or ask again in a moment if it has just started.",
    )


def _is_timeout(error: BaseException | None) -> bool:
    """Return whether a deadline passed, here or in what led to it: the packages wrap their errors."""
    while error is not None:
        if isinstance(error, TimeoutError):
            return True
        error = error.__cause__
    return False


def error_from_response(status: int, headers: Mapping[str, str], body: bytes, model: str) -> UpstreamError:
    """Return the error for a status outside 2xx."""
    said = _words_of(_error_object(body))
    if status == 402 or (status == 429 and _QUOTA.search(said)):  # noqa: PLR2004
        return _no_quota()
    if status == 429:  # noqa: PLR2004
        return UpstreamRateLimitedError(
            "the model server is being asked too often.",
            hint="Wait a moment and ask again.",
            retry_after=_retry_after_s(headers.get("retry-after")),
        )
    if status in {401, 403} or (status == 400 and _KEY.search(said)):  # noqa: PLR2004
        return UpstreamAuthError("the model server does not accept the API key.", hint="Check OPENAI_API_KEY.")
    return _error_from_words(said, model) or _error_from_status_alone(status, model)


def _error_object(body: bytes) -> object:
    """Return the error object of a response's body, as the `openai` package finds it."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return content.get("error", content) if isinstance(content, dict) else content


def _no_quota() -> UpstreamQuotaError:
    return UpstreamQuotaError("the account has no quota left.", hint="Check plan and billing of the model server.")


def _error_from_status_alone(status: int, model: str) -> UpstreamError:
    if status == 404:  # noqa: PLR2004
        return model_not_found(model)
    if status >= 500 or status in {408, 409}:  # noqa: PLR2004
        return UpstreamUnavailableError(
            f"the model server reports a failure (status {status}).", hint="Ask again later."
        )
    if status < 400:  # noqa: PLR2004
        return UpstreamBadResponseError("the model server sends us elsewhere.", hint="Check BASE_URL.")
    return UpstreamBadResponseError(
        f"the model server does not accept the request (status {status}).", hint="Check BASE_URL and the parameters."
    )


def _error_from_words(said: str, model: str) -> UpstreamError | None:
    """Recognise the two refusals that every server words its own way."""
    if "model_not_found" in said:
        return model_not_found(model)
    if _CONTEXT.search(said):
        return ContextLengthExceededError(
            "the conversation is longer than the model can read.", hint="Start a new chat or shorten the question."
        )
    return None


def error_from_body(body: object) -> UpstreamError:
    """Return the error for an error object that came instead of a chunk."""
    said = _words_of(body)
    if _QUOTA.search(said):
        return _no_quota()
    if "rate_limit" in said:
        return UpstreamRateLimitedError("the model server is being asked too often.", hint="Ask again in a moment.")
    return _error_from_words(said, "") or UpstreamUnavailableError(
        "the model server reports a failure.", hint="Ask again."
    )


def model_not_found(
    model: str, *, hint: str = "Set MODEL_NAME to one it has, and check BASE_URL."
) -> UpstreamModelNotFoundError:
    """Return the error for a model server without `model`."""
    named = f"the model {model[:100]!r}" if model else "this model"
    return UpstreamModelNotFoundError(f"the model server does not have {named}.", hint=hint)


def _words_of(body: object) -> str:
    """Return code, type and message of an error object, only to be searched."""
    if not isinstance(body, dict):
        return str(body or "")[:2000]
    return " ".join(str(body.get(name) or "")[:2000] for name in ("code", "type", "message"))


def _retry_after_s(value: str | None) -> int | None:
    """Return the whole seconds of a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdigit():
        return min(int(value), 86_400)
    try:
        at = email.utils.parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None
    return min(max(0, round(at - time.time())), 86_400)
