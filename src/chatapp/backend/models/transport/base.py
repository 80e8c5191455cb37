"""How questions get to a model server, whichever way they go."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

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

    async def retire(self, then: Callable[[], Awaitable[None]]) -> None:
        """Close what nobody uses now, and the rest when it has come to its end; `then` what questions no longer use."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
