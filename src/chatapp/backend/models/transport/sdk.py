"""How questions get to a model server, and one way: by the HTTP client of the `openai` package."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from chatapp.errors import IncompleteAnswerError

if TYPE_CHECKING:
    import httpx2

IDLE_S = 5.0
"""How long a connection is kept for the next question: servers hang up too, and rarely sooner."""


class Response(Protocol):
    """What a model server answers: the head is here, the body comes."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, asked for in lower case."""
        ...

    async def read(self) -> bytes:
        """Return what has come since the last read, nothing at the end.

        Raises:
            IncompleteAnswerError: the connection broke.
        """
        ...

    async def release(self, *, is_over: bool = False) -> None:
        """Leave the connection to the next question, or hang up; `is_over`: nothing is to come but the end."""
        ...


class Transport(Protocol):
    """A way to one address."""

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Return the response once its head is there; redirects are not followed.

        Raises:
            OSError: there is no connection.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class PackageTransport:
    """The client of the `openai` package: slower, but it knows proxies, and needs no parser in C."""

    def __init__(self, url: "httpx2.URL", headers: "httpx2.Headers", *, http: "httpx2.AsyncClient") -> None:
        self._url = url
        self._headers = headers
        self._http = http

    async def post(self, body: bytes, headers: Mapping[str, str]) -> "PackageResponse":
        """Return the response once its head is there."""
        request = self._http.build_request("POST", self._url, content=body, headers={**self._headers, **headers})
        return PackageResponse(await self._http.send(request, stream=True))

    async def close(self) -> None:
        """Leave the client to the package."""


class PackageResponse:
    """A response of the package's client."""

    def __init__(self, response: "httpx2.Response") -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
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
        await self._response.aclose()
