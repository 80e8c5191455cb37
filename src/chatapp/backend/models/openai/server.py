"""An OpenAI-compatible server: its address, its connections, and the key as it is now."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import RawAnswer, RawKind
from chatapp.backend.models.openai.dialect import MOST_FORMS, Dialect
from chatapp.backend.models.openai.errors import OurErrors, error_from_response
from chatapp.backend.models.openai.form import beginning
from chatapp.backend.models.openai.http_clients import HttpClients, http_clients
from chatapp.backend.models.openai.keys import Key, Keys
from chatapp.backend.models.openai.listed import NOT_LISTED, ListedModels, read_listing
from chatapp.backend.models.openai.raw_answers import raw_answer
from chatapp.backend.models.openai.unreachable import is_about_tls
from chatapp.backend.models.transport.base import Response
from chatapp.config.settings import Settings
from chatapp.errors import (
    AnswerTooLongError,
    IncompleteAnswerError,
    UpstreamBadResponseError,
    UpstreamError,
    UpstreamParameterRefusedError,
    UpstreamQuotaError,
    UpstreamUnavailableError,
)
from chatapp.protocol.trace_headers import trace_headers
from chatapp.providers.connection import Upstream

if TYPE_CHECKING:
    import httpx2

LISTING_S = 10.0
"""How long the list of models may take, once it has begun."""

NOTHING_THERE = {404, 405, 501}
"""How servers say that there is no such path: here is no list of models, or no chat."""

LEAST_ANSWER_TOKENS = 128
"""An answer that can be no longer is not worth asking for."""

REFUSAL_BYTES = 64 * 1024
"""How much of a refusal is read to find out what it means."""

TIMES_LARGER = 32
"""How many times MAX_ANSWER_BYTES embeddings may be: those of a whole book come at once, as numbers in JSON."""

_HINTS: dict[RawKind, str] = {
    "embeddings": "Ask a model of another server; llama.cpp's makes some where it is started with `--embeddings`.",
    "completions": "Ask a model of another server, or ask for a chat completion.",
}

T = TypeVar("T")


class NothingThereError(Exception):
    """A server has nothing at the path of questions; `error` is what the user would be told."""

    def __init__(self, error: UpstreamError) -> None:
        super().__init__()
        self.error = error


class ModelServer:
    """The server at one address.

    Questions go with the headers of the `openai` package, but straight where they can: what it adds costs more than all
    else that a short answer passes through.
    """

    def __init__(self, upstream: Upstream, clients: HttpClients, settings: Settings) -> None:
        self.base_url = upstream.base_url
        self._keys = Keys(upstream)
        self._clients = clients
        self._most_raw = settings.max_answer_bytes * TIMES_LARGER
        self._connect_timeout_s = upstream.timeouts.over(settings).connect_timeout

    @classmethod
    async def connect(cls, upstream: Upstream, settings: Settings) -> "ModelServer":
        """Return the server, ready to be asked but not connected yet.

        Importing the packages takes most of a second, so it is done in a thread, after the backend has begun to listen.

        Raises:
            UpstreamUnavailableError: an address, a proxy, a certificate or a header of the environment cannot be used.
        """
        try:
            clients = await asyncio.to_thread(http_clients, upstream, settings)
        except (OSError, ValueError) as error:
            failure = _not_set_up(error, names_certificates=upstream.ca_file is not None)
            failure.is_lasting = True
            raise failure from error
        return cls(upstream, clients, settings)

    def ask(self, body: dict[str, Any], dialect: Dialect, attempts: Attempts) -> Coroutine[Any, Any, Response]:
        """Return the response to a question once the server has accepted it, in the form in which it does.

        `attempts` learns of the forms that it does not take.

        Raises:
            UpstreamError: it refused or cannot be reached.
            NothingThereError: it refused, perhaps because its API is at another path.
            OverloadedError: this process has no descriptor left for a connection.
        """
        ask = partial(self._ask_with, body=body, dialect=dialect, attempts=attempts)
        return self._with_keys(ask, body["model"], on_failure=attempts.fail)

    async def _with_keys(
        self, ask: Callable[[Key], Awaitable[T]], model: str, *, on_failure: Callable[[UpstreamError], None]
    ) -> T:
        """Return what `ask` gives with the first key that is not refused; `on_failure` learns of the others."""
        failure: UpstreamError | None = None
        for key in self._keys.in_turn():
            if failure is not None:
                on_failure(failure)
            try:
                with OurErrors(model, proxy=self._clients.proxy):
                    return await ask(key)
            except UpstreamError as error:
                if not self._keys.rest(key, error):
                    raise
                failure = error
        try:
            raise failure or UpstreamError("no key could be tried.")
        finally:
            del failure  # its traceback holds this frame

    async def _ask_with(self, key: Key, body: dict[str, Any], dialect: Dialect, attempts: Attempts) -> Response:
        for number in range(1, MOST_FORMS + 1):
            worded = dialect.worded(body)
            attempts.ask()
            headers = {**key.headers(), **trace_headers()}
            response = await self._clients.questions.post(msgspec.json.encode(worded), headers)
            if 200 <= response.status < 300:  # noqa: PLR2004
                return response
            said = await _said(response)
            error = error_from_response(response.status, response.headers, said, body["model"], has_key=key.is_set)
            refused = error if isinstance(error, UpstreamParameterRefusedError) else None
            if response.status in NOTHING_THERE and b"model" not in said.lower() and not refused:
                raise NothingThereError(error)
            is_current = dialect.worded(body) == worded  # another question may have taught it meanwhile
            if is_current and refused:
                dialect.learn(str(refused.parameter), said, body)
            body = _affordable(body, error)
            if dialect.worded(body) == worded or number == MOST_FORMS:
                break
            attempts.fail(error)
        try:
            raise error
        finally:
            del error, refused  # its traceback holds this frame

    async def ask_raw(self, kind: RawKind, body: dict[str, Any], attempts: Attempts) -> RawAnswer:
        """Return the answer to `body`, as it came. `attempts` learns of the keys that are refused.

        Raises:
            UpstreamError: it refused or cannot be reached, or its answer is too long.
        """
        content, model = msgspec.json.encode(body), body["model"]
        ask = partial(self._ask_raw_with, kind=kind, content=content, model=model, attempts=attempts)
        return await self._with_keys(ask, body["model"], on_failure=attempts.fail)

    async def _ask_raw_with(
        self, key: Key, *, kind: RawKind, content: bytes, model: str, attempts: Attempts
    ) -> RawAnswer:
        attempts.ask()
        accepted = {"accept": "application/json", "content-type": "application/json"}
        headers = {**self._clients.headers, **accepted, **key.headers(), **trace_headers()}
        url = f"{self.base_url}/{kind}"
        async with self._clients.http.stream("POST", url, content=content, headers=headers) as response:
            said = await _at_most(response, self._most_raw if response.is_success else REFUSAL_BYTES)
            if response.status_code in NOTHING_THERE and b"model" not in said.lower():
                raise UpstreamBadResponseError(f"the model server makes no {kind}.", hint=_HINTS[kind])
            if not response.is_success:
                raise error_from_response(response.status_code, response.headers, said, model, has_key=key.is_set)
            if len(said) > self._most_raw:
                raise AnswerTooLongError("the answer is longer than allowed.", hint="Raise MAX_ANSWER_BYTES.")
            return raw_answer(kind, said)

    async def models(self, *, asked_for: str) -> ListedModels:
        """Return the models that the server lists. One that does not list is there all the same.

        Raises:
            UpstreamError: it refused or cannot be reached.
        """
        headers = {**self._clients.headers, "accept": "application/json", "accept-encoding": "gzip, deflate"}
        with OurErrors(asked_for, proxy=self._clients.proxy):
            key = self._keys.current()
            async with asyncio.timeout(self._connect_timeout_s) as deadline:
                response = await self._get("models", {**headers, **key.headers()})
                deadline.reschedule(asyncio.get_running_loop().time() + max(self._connect_timeout_s, LISTING_S))
                try:
                    return await self._listed(response, asked_for)
                finally:
                    await response.aclose()

    async def _get(self, path: str, headers: dict[str, str]) -> "httpx2.Response":
        import httpx2  # noqa: PLC0415

        http, url = self._clients.http, f"{self.base_url}/{path}"
        try:
            return await http.send(http.build_request("GET", url, headers=headers), stream=True)
        except httpx2.ConnectError as error:
            other = url.replace("//localhost", "//[::1]", 1)
            if other == url or self._clients.proxy or is_about_tls(error):
                raise
            return await http.send(http.build_request("GET", other, headers=headers), stream=True)

    async def retire(self) -> None:
        """Close what nobody uses now, and the rest when it has come to its end. Nobody asks here any more."""
        await self._clients.questions.retire(self._clients.http.aclose)

    async def close(self) -> None:
        """Close all connections."""
        await self._clients.questions.close()
        await self._clients.http.aclose()

    async def _listed(self, response: "httpx2.Response", asked_for: str) -> ListedModels:
        if response.status_code in NOTHING_THERE:
            return NOT_LISTED
        if response.is_success:
            return await read_listing(response.aiter_raw(), response.headers.get("content-encoding", "").lower())
        said = await _at_most(response, REFUSAL_BYTES)
        raise error_from_response(response.status_code, response.headers, said, asked_for, has_key=self._keys.is_set)


def _affordable(body: dict[str, Any], error: UpstreamError) -> dict[str, Any]:
    """Return the question with as long an answer as the account can pay for, where nobody has said how long it may be.

    OpenRouter refuses it otherwise, before it asks anybody, as if the answer were the longest that the model can give.
    """
    tokens = error.answer_tokens if isinstance(error, UpstreamQuotaError) else None
    if (
        not tokens
        or tokens < LEAST_ANSWER_TOKENS
        or not body.keys().isdisjoint(("max_tokens", "max_completion_tokens"))
    ):
        return body
    return {**body, "max_tokens": tokens}


async def _at_most(response: "httpx2.Response", size: int) -> bytes:
    """Return the body of a response, or what came until it passed `size` bytes."""
    said = bytearray()
    async for part in response.aiter_bytes():
        said += part
        if len(said) > size:
            break
    return bytes(said)


async def _said(response: Response) -> bytes:
    """Return the body of a refusal."""
    said = b""
    try:
        with suppress(IncompleteAnswerError):  # the status says enough
            said = await beginning(response, size=REFUSAL_BYTES)
    finally:
        await response.release()
    return said


def _not_set_up(error: OSError | ValueError, *, names_certificates: bool) -> UpstreamUnavailableError:
    if names_certificates and isinstance(error, OSError):
        why = "it holds none" if isinstance(error, ssl.SSLError) else error.strerror or "it cannot be opened"
        return UpstreamUnavailableError(
            f"the file of certificates that its ca_file names cannot be read: {why}.",
            hint="Correct it in connections.toml.",
        )
    return UpstreamUnavailableError(
        "the connection to the model server cannot be set up.",
        hint="Check BASE_URL, SSL_CERT_FILE and the variables OPENAI_…, and that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY "
        "names an http:// proxy.",
    )
