"""The way by the HTTP client of the `openai` package."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from chatapp.errors import IncompleteAnswerError

if TYPE_CHECKING:
    import httpx2


class PackageTransport:
    """The client of the `openai` package: slower, but it knows proxies, and needs no parser in C."""

    def __init__(self, url: "httpx2.URL", headers: "httpx2.Headers", *, http: "httpx2.AsyncClient") -> None:
        self._url = url
        self._headers = headers
        self._http = http
        self._running = 0
        self._then: Callable[[], Awaitable[None]] | None = None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> "PackageResponse":
        """Return the response once its head is there."""
        request = self._http.build_request("POST", self._url, content=body, headers={**self._headers, **headers})
        self._running += 1
        try:
            return PackageResponse(await self._http.send(request, stream=True), on_release=self._note_end)
        except BaseException:
            await self._note_end()
            raise

    async def retire(self, then: Callable[[], Awaitable[None]]) -> None:
        """Call `then` once the last response is released."""
        self._then = then
        await self._close_if_unused()

    async def _note_end(self) -> None:
        self._running -= 1
        await self._close_if_unused()

    async def _close_if_unused(self) -> None:
        if self._then is not None and not self._running:
            then, self._then = self._then, None
            await then()

    async def close(self) -> None:
        """Leave the client to the package."""


class PackageResponse:
    """A response of the package's client."""

    def __init__(self, response: "httpx2.Response", *, on_release: Callable[[], Awaitable[None]]) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._on_release: Callable[[], Awaitable[None]] | None = on_release
        self._parts = response.aiter_raw()

    async def read(self) -> bytes:
        """Return the next piece of the body."""
        import httpx2  # noqa: PLC0415

        try:
            return await anext(self._parts, b"")
        except httpx2.HTTPError:
            raise IncompleteAnswerError("the connection to the model broke.", hint="Ask again.") from None

    async def release(self, *, is_over: bool = False) -> None:
        """Let the client decide."""
        on_release, self._on_release = self._on_release, None
        if on_release is not None:
            await self._response.aclose()
            await on_release()
