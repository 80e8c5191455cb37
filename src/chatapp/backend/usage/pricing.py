"""The price of each call, by the connection it went over."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from chatapp.backend.models.chat_model import TokenUsage
from chatapp.providers.connection import Upstream
from chatapp.providers.context_windows import is_own_server
from chatapp.providers.prices import FREE, ListedModel, Tariff, Tokens, find_model

LOCAL, LISTED = "local", "list"
"""Who says what a call costs: it costs nothing on a server of the user's own, elsewhere the price list knows."""

_MOST_MODELS = 1000
"""How many names are remembered: a client may ask for models of any name."""


class Pricer:
    """Prices calls. `upstreams` gives the connections as they are now, by their names."""

    def __init__(self, upstreams: Callable[[], Mapping[str, Upstream]]) -> None:
        self._upstreams = upstreams
        self._servers: dict[str, _Server] = {}

    async def prepare(self) -> None:
        """Load the price list, where a connection needs it, before the first call waits for it."""
        if not all(is_own_server(upstream.base_url) for upstream in self._upstreams().values()):
            await asyncio.to_thread(find_model, "", "https://api.openai.com")

    def price(
        self, usage: TokenUsage, *, connection: str, models: tuple[str | None, ...], when: datetime
    ) -> tuple[int | None, str | None]:
        """Return the picodollars of a call, and who knows them; None is what nobody knows."""
        server = self._server(connection)
        if server is None:
            return None, None
        source, tariff = server.tariff(models, when)
        tokens = Tokens(
            usage.prompt_tokens, usage.billed_completion_tokens, usage.cached_tokens, usage.billed_reasoning_tokens
        )
        cost = tariff.cost(tokens) if tariff else None
        return (None, None) if cost is None else (cost, source)

    def tariff(self, connection: str, model: str, when: datetime) -> Tariff | None:
        """Return the prices of `model` over `connection` at `when`, None where they are not known."""
        server = self._server(connection)
        return server.tariff((model,), when)[1] if server else None

    def _server(self, connection: str) -> "_Server | None":
        upstream = self._upstreams().get(connection)
        if upstream is None:
            return None
        server = self._servers.get(connection)
        if server is None or server.upstream is not upstream:
            server = self._servers[connection] = _Server(upstream)
        return server


class _Server:
    """The prices of one connection."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self._is_own = is_own_server(upstream.base_url)
        self._listed: dict[str, ListedModel | None] = {}

    def tariff(self, models: tuple[str | None, ...], when: datetime) -> tuple[str | None, Tariff | None]:
        """Return the prices of the first of `models` that is known, and who says so.

        A name may have that of the connection before it, as users say it.
        """
        if self._is_own:
            return LOCAL, FREE
        for model in models:
            listed = self._on_list(model.removeprefix(f"{self.upstream.name}/")) if model else None
            if listed is not None:
                return LISTED, listed.tariff(when)
        return None, None

    def _on_list(self, model: str) -> ListedModel | None:
        if model not in self._listed:
            if len(self._listed) >= _MOST_MODELS:
                self._listed.clear()
            self._listed[model] = find_model(model, self.upstream.base_url)
        return self._listed[model]
