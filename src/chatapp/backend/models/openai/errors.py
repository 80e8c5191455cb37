"""How a model server fails, in our words: its own may hold a key, a prompt or an address.

Codes and types are believed before words, and words before the status alone.
"""

from collections.abc import Mapping
from types import TracebackType

from chatapp.backend.models.openai.busy import busy_error_in
from chatapp.backend.models.openai.quota import quota_or_rate_error
from chatapp.backend.models.openai.refused_access import access_error
from chatapp.backend.models.openai.refused_content import refused_content_in
from chatapp.backend.models.openai.refused_parameter import (
    refused_answer_in,
    refused_form_in,
    refused_length_in,
    refused_parameter_in,
)
from chatapp.backend.models.openai.retry_after import retry_after_s
from chatapp.backend.models.openai.said import ErrorWords, said_in, said_in_body
from chatapp.backend.models.openai.too_long import probably_too_long_in, too_long_in
from chatapp.backend.models.openai.unknown_model import has_model_code, model_error, model_not_found
from chatapp.backend.models.openai.unreachable import error_from_connection, is_out_of_descriptors
from chatapp.errors import (
    ChatappError,
    OverloadedError,
    UpstreamBadResponseError,
    UpstreamError,
    UpstreamParameterRefusedError,
    UpstreamUnavailableError,
)

_ADDRESS_WORDS = ("endpoint was not found", "endpoint not found", "unknown request url", "cannot post", "no route",
                  "route not found", "unexpected endpoint", "resource not found", "invalid url (")  # fmt: skip
_SURE_ADDRESS_WORDS = ("unexpected endpoint or method", "could not route to")
"""What counts whatever the status is: LM Studio says it with 200, Cloudflare of an unknown account with 400."""
_NO_PAGE = ("not found", "404 page not found", "404 not found")
"""All that web servers say where there is nothing at an address."""
_OWN_FAILURES = {408, 409, 424, 425, 498, 499}
"""What is no fault of the question's: text-generation-inference says 424, Groq 498 where nothing is free."""
_GONE = {404, 410}
_WAITED_IN_VAIN = {504, 524}
"""How proxies say that the server took too long for them; 524 is Cloudflare's."""
_GATEWAY_WORDS = ("unexpected eof", "upstream connect error", "bad gateway", "model has crashed",
                  "degraded function", "no healthy deployments")  # fmt: skip
"""What gateways say when the server behind them has hung up; Ollama, LM Studio, NVIDIA and LiteLLM say it with a status
of 400."""


def says_nothing_is_there(body: object) -> bool:
    """Return whether a body says that the server has nothing at the path that was asked, which others say by a 404."""
    return said_in(body).says(*_SURE_ADDRESS_WORDS)


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
            try:
                raise ours from None
            finally:
                del ours  # its traceback holds this frame

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
        if isinstance(explained, UpstreamParameterRefusedError):
            explained.words = said.words
        return explained
    what = "the model server reports a failure."
    error = UpstreamUnavailableError(what, hint="Ask again.", retry_after=retry_after_s({}, said))
    error.is_unexplained = True
    return error


def _error_from(said: ErrorWords, status: int, headers: Mapping[str, str], model: str) -> UpstreamError | None:
    """Return what the body says, whatever the status; None if it says nothing that we know.

    The order matters: a limit per minute that the question alone exceeds is too long, not too often; a 401 or 403 may
    be about money; a refused `max_tokens` talks of windows.
    """
    return (
        (_no_place(status) if said.says(*_SURE_ADDRESS_WORDS) else None)
        or _length_error(said, status)
        or quota_or_rate_error(said, status, headers)
        or (model_not_found(model) if has_model_code(said) else None)
        or access_error(said, status, headers)
        or refused_content_in(said)
        or (refused_form_in(said) if status != 429 else None)  # noqa: PLR2004 - some say it with status 404
        or (refused_parameter_in(said) if status not in {404, 429} else None)
        or model_error(said, model)
        or (probably_too_long_in(said) if status in {0, 400, 413, 422, 500} else None)
        or (busy_error_in(said, headers) if status in {0, 400, 404} or status >= 500 else None)  # noqa: PLR2004
        or (_hung_up(status) if said.says(*_GATEWAY_WORDS) else None)
    )


def _length_error(said: ErrorWords, status: int) -> UpstreamError | None:
    if status in {401, 402, 403}:
        return None
    too_long = too_long_in(said)
    return refused_length_in(said) or refused_answer_in(said, too_long.window if too_long else None) or too_long


def _no_place(status: int) -> UpstreamBadResponseError:
    what = "the model server has no chat at this address."
    if status:
        what = f"the model server has no chat at this address (status {status})."
    return UpstreamBadResponseError(what, hint="Check BASE_URL: most end in /v1. `chatapp doctor` looks for it.")


def _hung_up(status: int) -> UpstreamUnavailableError:
    named = f" (status {status})" if status else ""
    return UpstreamUnavailableError(f"the model server reports a failure{named}.", hint="Ask again later.")


def _error_from_status_alone(
    status: int, said: ErrorWords, headers: Mapping[str, str], model: str, has_key: bool
) -> UpstreamError:
    is_no_place = said.words in _NO_PAGE or (said.says(*_ADDRESS_WORDS) and not said.says("model"))
    if (status == 404 and is_no_place) or status in {405, 501}:  # noqa: PLR2004 - web servers say 501 of POST
        return _no_place(status)
    if status in _GONE:
        return model_not_found(model)
    if status >= 500 or status in _OWN_FAILURES:  # noqa: PLR2004
        hint = "Ask again later." if has_key else "Ask again later; if it needs a key, set OPENAI_API_KEY."
        if status in _WAITED_IN_VAIN:
            hint = "Ask again, or let the proxy before the server wait longer (nginx: `proxy_read_timeout`)."
        return UpstreamUnavailableError(
            f"the model server reports a failure (status {status}).",
            hint=hint,
            retry_after=retry_after_s(headers, said),
        )
    if status == 407:  # noqa: PLR2004 - of a plain http:// address there is no tunnel that could fail
        what, hint = "a proxy on the way wants a user and a password.", "Write them into its address in HTTP_PROXY."
        return UpstreamUnavailableError(what, hint=hint)
    if status < 400:  # noqa: PLR2004
        wants_tls = headers.get("location", "").startswith("https://")
        hint = "Check BASE_URL: it may want https://." if wants_tls else "Check BASE_URL."
        return UpstreamBadResponseError("the model server sends us elsewhere.", hint=hint)
    hint = "Check BASE_URL and the parameters."
    if status == 413:  # noqa: PLR2004
        hint = "Send less or smaller files, or start a new chat; a proxy before the server may set the limit."
    return UpstreamBadResponseError(f"the model server does not accept the request (status {status}).", hint=hint)
