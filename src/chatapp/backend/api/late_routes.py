"""Routes that are made behind the start, as nobody asks for them first."""

import asyncio
from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

BEHIND_THE_START_S = 2.0
"""After how long they are made unasked: whoever starts a backend for a question has the answer by then."""


class LateRoutes(BaseRoute):
    """Stands for routes that `make` makes in a thread; a request that no route before this takes waits for them.

    What it makes takes the place of this and of the routes before it, which are among it, each where it is to be tried.
    """

    def __init__(self, router: Router, make: Callable[[], Sequence[BaseRoute]], *, is_busy: Callable[[], bool]) -> None:
        self._router = router
        self._make = make
        self._is_busy = is_busy
        self._making = asyncio.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return that it is for each request: nobody knows yet which there are for."""
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by the route that is made for it."""
        await self.prepare()
        await self._router(scope, receive, send)

    async def prepare(self) -> None:
        """Put the routes in their place, unless that has been done."""
        async with self._making:
            if self in self._router.routes:
                routes = await asyncio.to_thread(self._make)
                self._router.routes[: self._router.routes.index(self) + 1] = routes

    async def prepare_behind(self) -> None:
        """Do so a while after the start, when it holds up no answer: Python runs one thread at a time."""
        while True:
            await asyncio.sleep(BEHIND_THE_START_S)
            if not self._is_busy():
                return await self.prepare()
