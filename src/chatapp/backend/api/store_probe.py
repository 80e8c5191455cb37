"""Whether the store answers, asked so that one which has fallen silent holds up nobody."""

import asyncio

from chatapp.backend.store import Store
from chatapp.errors import StoreUnavailableError

PROBE_S = 3.0
"""How long a sign of life may take. The page gives up on the whole of `GET /ready` after 5 s."""


class StoreProbe:
    """Asks one store for signs of life, one at a time: each takes a thread for as long as the store is silent."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asking: asyncio.Future[None] | None = None

    async def ask(self) -> None:
        """Return once the store has given a sign of life.

        Raises:
            StoreUnavailableError: it cannot be read or written, or says nothing for `PROBE_S`.
        """
        asking = self._asking
        if asking is None or asking.done():
            asking = self._asking = asyncio.get_running_loop().run_in_executor(None, self._store.ping)
            asking.add_done_callback(_take_note)
        done, _ = await asyncio.wait([asking], timeout=PROBE_S)
        if not done:
            raise StoreUnavailableError("Conversations cannot be read or saved: the database does not answer.")
        asking.result()  # of the one waited for: another may be asked by now


def _take_note(asked: "asyncio.Future[None]") -> None:
    """Look at what was raised, also where nobody has waited for so long."""
    if not asked.cancelled():
        asked.exception()
