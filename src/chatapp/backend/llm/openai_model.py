"""A model behind an OpenAI-compatible server, through the `openai` package."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from chatapp.backend.llm import ModelRequest
from chatapp.backend.llm.failures import error_from_response, model_not_found, our_errors
from chatapp.backend.llm.openai_stream import OpenAIStream, beginning
from chatapp.backend.llm.windows import known_window, windows_in
from chatapp.errors import UpstreamAuthError, UpstreamError, UpstreamRateLimitedError, UpstreamUnavailableError
from chatapp.hosts import is_loopback
from chatapp.settings import Settings, Upstream

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

RETRY_PAUSE_S = 0.25
RETRY_AFTER_AT_MOST_S = 2

REFUSAL_BYTES = 64 * 1024
"""How much of a refusal is read to find out what it means."""


class OpenAIModel:
    """The model that an `Upstream` names."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self.name = upstream.model
        self._upstream = upstream
        self._settings = settings
        self._key = KeySource(upstream)
        self._connected: _Server | None = None
        self._lock = asyncio.Lock()
        self._windows: dict[str, int] | None = None

    async def prepare(self) -> None:
        """Import the package and make its client. A failure is reported to the first who asks."""
        with suppress(UpstreamError):
            await self._server()

    async def open(self, request: ModelRequest) -> "OpenAIStream":
        """Give the stream of one answer; one retry where the model server has not begun to answer."""
        server = await self._server()
        model = request.model or self.name
        if self._upstream.provider == "embedded" and model != self.name:  # llama.cpp answers to any name
            raise model_not_found(model, hint=f"The embedded one is {self.name}. BASE_URL connects others.")
        body = {
            "model": model,
            "messages": request.messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            **request.parameters,
        }
        try:
            response = await self._post(server, body)
        except UpstreamError as error:
            if (pause_s := _pause_before_retry(error)) is None:
                raise
            await asyncio.sleep(pause_s)
            response = await self._post(server, body)
        return await OpenAIStream.open(response, max_event_bytes=self._settings.max_event_bytes)

    async def window(self, model: str) -> int | None:
        """Give CONTEXT_TOKENS, or what is known of the model, or what its server tells; the server is asked once."""
        tokens = self._settings.context_tokens or known_window(model)
        if tokens is None and self._windows is None:
            self._windows = {}
            with suppress(UpstreamError):
                await self.probe()
        return tokens or (self._windows or {}).get(model)

    async def probe(self) -> None:
        """List the models, which every OpenAI-compatible server does without charge."""
        from openai import Omit  # noqa: PLC0415

        server = await self._server()
        headers: dict[str, Any] = {"Authorization": Omit(), **self._key.headers()}
        with our_errors(self.name):
            async with asyncio.timeout(self._settings.connect_timeout):
                listing = await server.sdk.get("/models", cast_to=object, options={"headers": headers})
        self._windows = windows_in(listing)

    async def close(self) -> None:
        """Close all connections."""
        if self._connected is not None:
            await self._connected.http.aclose()

    async def _post(self, server: "_Server", body: dict[str, Any]) -> "httpx2.Response":
        """Give the response to a question once the model server has accepted it.

        It goes over the package's HTTP client and with its headers, but past `chat.completions.create`, which costs
        more than everything else a short answer passes through.
        """
        import httpx2  # noqa: PLC0415

        with our_errors(body["model"]):
            headers = {**server.headers, **self._key.headers()}
            request = httpx2.Request("POST", server.url, headers=headers, content=msgspec.json.encode(body))
            response = await server.http.send(request, stream=True)
            if not response.is_success:
                said = await beginning(response, size=REFUSAL_BYTES)
                await response.aclose()
                raise error_from_response(response, said, body["model"])
        return response

    async def _server(self) -> "_Server":
        async with self._lock:
            if self._connected is None:
                try:
                    self._connected = await asyncio.to_thread(_connect, self._upstream, self._settings)
                except (OSError, ValueError) as error:
                    raise UpstreamUnavailableError(
                        "the way to the model server cannot be prepared.", hint="Check HTTPS_PROXY and SSL_CERT_FILE."
                    ) from error
            return self._connected


@dataclass(frozen=True, slots=True)
class _Server:
    """The way to the model server: the package's client, the HTTP client and headers it uses, where questions go."""

    sdk: "AsyncOpenAI"
    http: "httpx2.AsyncClient"
    headers: dict[str, str]
    url: "httpx2.URL"


def _connect(upstream: Upstream, settings: Settings) -> _Server:
    """Give the package's client without its own retries, timeouts and redirects: those are ours.

    Importing the package takes most of a second, so this runs in a thread, after the backend has begun to listen.
    """
    import httpx2  # noqa: PLC0415
    from openai import AsyncOpenAI, DefaultAioHttpClient  # noqa: PLC0415

    timeout = httpx2.Timeout(None, connect=settings.connect_timeout)
    connections = settings.max_active_turns + 10  # None would be a hundred to the aiohttp transport
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    is_here = is_loopback(urlsplit(upstream.base_url).hostname or "")  # no proxy leads to this machine
    http = DefaultAioHttpClient(timeout=timeout, limits=limits, follow_redirects=False, trust_env=not is_here)
    sdk = AsyncOpenAI(api_key="unset", base_url=upstream.base_url, http_client=http, timeout=timeout, max_retries=0)
    headers = {name: value for name, value in sdk.default_headers.items() if isinstance(value, str)}
    url = httpx2.URL(f"{upstream.base_url}/chat/completions")
    return _Server(sdk, http, headers | {"Accept": "text/event-stream"}, url)


class KeySource:
    """The key as it is now: from the settings, or from a file that is read again when it changes."""

    def __init__(self, upstream: Upstream) -> None:
        self._key = upstream.api_key.get_secret_value() if upstream.api_key else ""
        self._file = upstream.api_key_file
        self._seen: tuple[int, ...] | None = None

    def headers(self) -> dict[str, str]:
        """Give the Authorization header, or none where there is no key.

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
            raise UpstreamAuthError(
                "the file with the API key holds none that can be sent.", hint="Check OPENAI_API_KEY_FILE."
            ) from error
        return self._key


def _pause_before_retry(error: UpstreamError) -> float | None:
    """Give the seconds to wait before the one retry, or None where another try would fail the same way."""
    if isinstance(error, UpstreamUnavailableError):
        return RETRY_PAUSE_S
    if isinstance(error, UpstreamRateLimitedError) and (error.retry_after or 0) <= RETRY_AFTER_AT_MOST_S:
        return float(error.retry_after or RETRY_PAUSE_S)
    return None
