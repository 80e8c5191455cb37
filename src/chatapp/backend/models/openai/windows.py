"""How much the models of one server can read: as it says itself, else as is known of them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chatapp.backend.models.by_model import make_room
from chatapp.backend.models.openai.listed import ListedModels
from chatapp.providers.context_windows import known_window

ASK_AGAIN_S = 300.0
"""How long a list that does not tell a window is believed to be all there is to know."""

PAUSE_FACTOR = 10
"""How many times as long as it took to ask in vain nobody asks again: a server that starts is asked often, one whose
list never comes makes few wait."""


class Windows:
    """What has been found out, and when to ask again. `listed` is the server's last list."""

    def __init__(self, base_url: str) -> None:
        self.listed: ListedModels | None = None
        self._base_url = base_url
        self._stated: dict[str, int] = {}
        self._known: dict[str, int | None] = {}
        self._ask_at = 0.0

    def told(self, model: str) -> int | None:
        """Return what the server itself has said of `model`: when it refused a conversation, or in its list."""
        listed = self.listed.window(model) if self.listed else None
        return min(filter(None, (self._stated.get(model), listed)), default=None)

    async def known(self, model: str) -> int | None:
        """Return what is known of a vendor's model."""
        if model not in self._known:
            make_room(self._known)
            self._known[model] = await asyncio.to_thread(known_window, model, self._base_url)
        return self._known[model]

    def learn(self, model: str, tokens: int) -> None:
        """Note what the server said of `model` when it refused a conversation."""
        make_room(self._stated)
        self._stated[model] = tokens

    def is_worth_asking(self) -> bool:
        """Return whether the server might say more than it has."""
        return time.monotonic() >= self._ask_at

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Note how the asking goes that happens in this block."""
        began = time.monotonic()
        self._ask_at = began + ASK_AGAIN_S
        try:
            yield
        except BaseException:
            self._ask_at = time.monotonic() + PAUSE_FACTOR * (time.monotonic() - began)
            raise
