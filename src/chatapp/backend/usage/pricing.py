"""The price of each call, by the connection it went over and by what it asks for beside tokens."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chatapp.backend.models.by_model import make_room
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.protocol.money import PICO
from chatapp.providers.connection import Upstream
from chatapp.providers.context_windows import is_own_server
from chatapp.providers.prices import FREE, PricedModel, Tariff, Tokens, find_model, own_tariff

OWN, LOCAL, LISTED = "connection", "local", "list"
"""Who says what a call costs: the owner of the connection does. Where he does not, a server of the user's own costs
nothing, and elsewhere the price list knows."""

MOST_PICO = 1000 * PICO
"""No call costs more: a server that counts so many tokens is wrong, and the sums of such calls would not fit."""

_USUAL_TIERS = {"", "auto", "default", "standard", "standard_only", "on_demand"}
"""The service tiers that cost what the price list says, by their names at several vendors."""

_SEARCHES = ("web_search_options", "search_parameters", "plugins")
"""The parameters with which OpenAI, xAI and OpenRouter are asked to search; each search is paid for."""

_OWN_TOOLS = {"function", "custom"}
"""Tools that run at the client's; a vendor's own are paid for by use."""


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
        self,
        usage: TokenUsage,
        *,
        connection: str,
        models: tuple[str | None, ...],
        when: datetime,
        request: ModelRequest | None = None,
    ) -> tuple[int | None, str | None]:
        """Return the picodollars of a call, and who knows them; None is what nobody knows.

        `request` is what was asked, where it can have asked for more than tokens.
        """
        server = self._server(connection)
        if server is None:
            return None, None
        source, tariff = server.tariff(models, when, request, answered_tier=usage.service_tier)
        if tariff is FREE:
            return 0, source
        tokens = Tokens(
            usage.prompt_tokens, usage.billed_completion_tokens, usage.cached_tokens, usage.billed_reasoning_tokens
        )
        cost = tariff.cost(tokens) if tariff else None
        return (None, None) if cost is None or cost > MOST_PICO else (cost, source)

    def tariff(self, connection: str, model: str, when: datetime, request: ModelRequest) -> Tariff | None:
        """Return the prices of `model` over `connection` at `when`, None where they are not known."""
        server = self._server(connection)
        return server.tariff((model,), when, request)[1] if server else None

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
        self._prefix = f"{upstream.name}/"
        self._is_own = is_own_server(upstream.base_url)
        self._listed: dict[str, PricedModel | None] = {}
        self._own_tariffs: dict[str, Tariff | None] = {}

    def tariff(
        self,
        models: tuple[str | None, ...],
        when: datetime,
        request: ModelRequest | None,
        *,
        answered_tier: str | None = None,
    ) -> tuple[str | None, Tariff | None]:
        """Return the prices of the first of `models` that is known, and who says so; the last is what was asked for.

        A name may have that of the connection before it, as users say it. Nobody knows what a request costs that asks
        for more than tokens, or is answered in a service tier that is not listed; who sets prices of his own knows what
        he pays, unless another tier is asked for.
        """
        names = [model.removeprefix(self._prefix) for model in models if model]
        own = self._own(names[-1] if names else "")  # a server that is away has not said what its model is called
        if own is None and self._is_own:
            return LOCAL, FREE
        tier = _tier_of(request, answered_tier)
        if request and _is_paid_beside(request):
            return None, None
        if own is not None:
            return (OWN, own) if tier is None or _tier_of(request, None) is None else (None, None)
        if request and _has_sound(request):
            return None, None
        for name in names:
            listed = self._on_list(name) or self._on_list(self.upstream.traits_of(name).name)
            if listed is not None:
                return LISTED, listed.tariff(when, service_tier=tier)
        return None, None

    def _own(self, name: str) -> Tariff | None:
        if name not in self._own_tariffs:
            make_room(self._own_tariffs)
            prices = self.upstream.traits_of(name).prices
            self._own_tariffs[name] = own_tariff(prices.input, prices.output, prices.cached) if prices else None
        return self._own_tariffs[name]

    def _on_list(self, model: str) -> PricedModel | None:
        if model not in self._listed:
            make_room(self._listed)
            self._listed[model] = find_model(model, self.upstream.base_url)
        return self._listed[model]


def is_plain(request: ModelRequest | None) -> bool:
    """Return whether nothing is asked for but text in the usual tier, which its tokens alone are paid for."""
    return request is None or not (_tier_of(request, None) or _is_paid_beside(request) or _has_sound(request))


def _tier_of(request: ModelRequest | None, answered: str | None) -> str | None:
    """Return the service tier that is paid for, None for the usual one: `answered`, where the vendor says which it was.

    OpenAI answers in the usual one where another is busy, and a project may have one that nobody has asked for.
    """
    asked = request.parameters.get("service_tier") if request else None
    tier = answered if answered and answered.lower() != "auto" else asked
    name = tier.lower() if isinstance(tier, str) else ""
    return None if name in _USUAL_TIERS else name


def _is_paid_beside(request: ModelRequest) -> bool:
    """Return whether the vendor is asked for more than tokens, which it does not count in its answer."""
    asked = request.parameters
    if any(asked.get(name) for name in _SEARCHES):
        return True
    return any(_kind(tool) not in _OWN_TOOLS for tool in _listed(asked.get("tools")))


def _has_sound(request: ModelRequest) -> bool:
    """Return whether sound goes along, or is asked for: its tokens have prices of their own."""
    if request.parameters.get("audio") or any(_kind(part) == "input_audio" for part in request.media.values()):
        return True
    return request.wire_messages is not None and any(_kind(part) == "input_audio" for part in request.read_media())


def _kind(entry: object) -> str:
    kind = entry.get("type", "function") if isinstance(entry, Mapping) else "function"
    return kind if isinstance(kind, str) else ""  # what a client sends may be a list, which no set can be asked for


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
