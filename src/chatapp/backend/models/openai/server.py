"""The way to an OpenAI-compatible server: its address, its connections, and the key as it is now."""

import asyncio
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from chatapp.backend.models.openai.dialect import MOST_FORMS, Dialect
from chatapp.backend.models.openai.errors import error_from_response, our_errors
from chatapp.backend.models.openai.stream import beginning
from chatapp.backend.models.transport.sdk import IDLE_S, PackageTransport, Response, Transport
from chatapp.config.settings import Settings
from chatapp.errors import (
    IncompleteAnswerError,
    UpstreamAuthError,
    UpstreamParameterRefusedError,
    UpstreamUnavailableError,
)
from chatapp.hosts import is_loopback
from chatapp.providers.connection import Upstream

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

REFUSAL_BYTES = 64 * 1024
"""How much of a refusal is read to find out what it means."""


class ModelServer:
    """The server that an `Upstream` names.

    The `openai` package asks what is asked rarely. Questions go with its headers, but straight where they can: what it
    adds costs more than all else that a short answer passes through.
    """

    def __init__(
        self, upstream: Upstream, *, sdk: "AsyncOpenAI", questions: Transport, connect_timeout_s: float
    ) -> None:
        self._key = KeySource(upstream)
        self._sdk = sdk
        self._questions = questions
        self._connect_timeout_s = connect_timeout_s

    @classmethod
    async def connect(cls, upstream: Upstream, settings: Settings) -> "ModelServer":
        """Return the way there, prepared but not gone yet.

        Importing the packages takes most of a second, so it is done in a thread, after the backend has begun to listen.

        Raises:
            UpstreamUnavailableError: an address, a proxy, a certificate or a header of the environment cannot be used.
        """
        try:
            sdk, questions = await asyncio.to_thread(_prepared, upstream, settings)
        except (OSError, ValueError) as error:
            raise UpstreamUnavailableError(
                "the way to the model server cannot be prepared.",
                hint="Check BASE_URL, SSL_CERT_FILE and the variables OPENAI_…, and that HTTPS_PROXY, HTTP_PROXY or "
                "ALL_PROXY names an http:// proxy.",
            ) from error
        return cls(upstream, sdk=sdk, questions=questions, connect_timeout_s=settings.connect_timeout)

    async def ask(self, body: dict[str, Any], dialect: Dialect) -> Response:
        """Return the response to a question once the server has accepted it, in the form in which it does.

        Raises:
            UpstreamError: it refused or cannot be reached.
        """
        with our_errors(body["model"]):
            for _ in range(MOST_FORMS):
                worded = dialect.worded(body)
                response = await self._questions.post(msgspec.json.encode(worded), self._key.headers())
                if 200 <= response.status < 300:  # noqa: PLR2004
                    return response
                said = await _said(response)
                error = error_from_response(response.status, response.headers, said, body["model"])
                if isinstance(error, UpstreamParameterRefusedError):
                    dialect.learn(str(error.parameter), said, body)
                if dialect.worded(body) == worded:
                    break
            raise error

    async def models(self, *, asked_for: str) -> object:
        """Return the server's list of models, as it words it.

        Raises:
            UpstreamError: it refused or cannot be reached.
        """
        from openai import Omit  # noqa: PLC0415

        headers: dict[str, Any] = {"Authorization": Omit(), **self._key.headers()}
        with our_errors(asked_for):
            async with asyncio.timeout(self._connect_timeout_s):
                return await self._sdk.get("/models", cast_to=object, options={"headers": headers})

    async def close(self) -> None:
        """Close all connections."""
        await self._questions.close()
        await self._sdk.close()


async def _said(response: Response) -> bytes:
    """Return the body of a refusal."""
    said = b""
    try:
        with suppress(IncompleteAnswerError):  # the status says enough
            said = await beginning(response, size=REFUSAL_BYTES)
    finally:
        await response.release()
    return said


def _prepared(upstream: Upstream, settings: Settings) -> tuple["AsyncOpenAI", Transport]:
    """Return the package's client without retries, timeouts and redirects, and the way for questions."""
    import httpx2  # noqa: PLC0415
    from openai import AsyncOpenAI  # noqa: PLC0415

    try:
        url = httpx2.URL(f"{upstream.base_url}/chat/completions")
    except httpx2.InvalidURL as error:
        raise ValueError("no address") from error
    proxy = _proxy_for(urlsplit(upstream.base_url))
    tls = httpx2.create_ssl_context()
    timeout = httpx2.Timeout(None, connect=settings.connect_timeout)
    limits = httpx2.Limits(keepalive_expiry=IDLE_S)  # how many there may be is for MAX_ACTIVE_TURNS to say
    http = httpx2.AsyncClient(timeout=timeout, limits=limits, verify=tls, proxy=proxy, trust_env=False)
    sdk = AsyncOpenAI(api_key="unset", base_url=upstream.base_url, http_client=http, timeout=timeout, max_retries=0)
    headers = _headers(sdk, has_key=bool(upstream.api_key or upstream.api_key_file))
    if proxy or not find_spec("httptools"):
        return sdk, PackageTransport(url, headers, http=http)
    from chatapp.backend.models.transport.direct import DirectTransport  # noqa: PLC0415

    return sdk, DirectTransport(url, headers, tls=tls, connect_timeout_s=settings.connect_timeout)


def _headers(sdk: "AsyncOpenAI", *, has_key: bool) -> "httpx2.Headers":
    """Return the headers of every question; the key comes with each. Events that are compressed would come late."""
    import httpx2  # noqa: PLC0415

    headers = httpx2.Headers({name: value for name, value in sdk.default_headers.items() if isinstance(value, str)})
    headers.update({"Accept": "text/event-stream", "Accept-Encoding": "identity"})
    if has_key:
        headers.pop("Authorization", None)
    return headers


def _proxy_for(address: SplitResult) -> str | None:
    """Return the proxy that the environment names for `address`, unless it is on this machine or excepted.

    Raises:
        ValueError: the proxy is none that both HTTP clients can speak to.
    """
    if is_loopback(address.hostname or "") or proxy_bypass(address.netloc):
        return None
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    parts = urlsplit(proxy)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("no http proxy")
    return proxy


class KeySource:
    """The key as it is now: from the settings, or from a file that is read again when it changes."""

    def __init__(self, upstream: Upstream) -> None:
        self._key = upstream.api_key.get_secret_value() if upstream.api_key else ""
        self._file = upstream.api_key_file
        self._seen: tuple[int, ...] | None = None

    def headers(self) -> dict[str, str]:
        """Return the Authorization header, or none where there is no key.

        Raises:
            UpstreamAuthError: the key file cannot be read.
        """
        key = self._current()
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _current(self) -> str:
        if self._file is None:
            return self._key
        try:
            stat = self._file.stat()
            if (seen := (stat.st_mtime_ns, stat.st_size, stat.st_ino)) != self._seen:
                self._key, self._seen = self._file.read_text(encoding="utf-8").strip(), seen
            if not (self._key.isascii() and self._key.isprintable()):
                raise ValueError("no header can hold it")
        except (OSError, ValueError) as error:
            what = "cannot be read" if isinstance(error, OSError) else "holds none that can be sent"
            raise UpstreamAuthError(f"the file with the API key {what}.", hint="Check OPENAI_API_KEY_FILE.") from error
        return self._key
