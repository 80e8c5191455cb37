"""What the layers around a request know of it, and hand on: one object in the scope, with types."""

import ipaddress
from collections.abc import Callable
from typing import Any, Protocol

from starlette.types import Scope, Send

from chatapp.backend.principal import ANYONE, Principal
from chatapp.protocol import shared_page

PUBLIC_PATHS = frozenset({"/health"})
"""What is served without a key, is not counted, and is logged at debug level only."""

LEAVING = "chatapp.leaving"
"""Where a server that has one puts the `Leaving` of its client."""

IPV6_NETWORK_BITS = 64
"""One subscriber has that many addresses at least: RFC 6177."""

_KEY = "chatapp"
_HEADERS = "chatapp.headers"


class Outcome(Protocol):
    """What the log wants to know of an answer."""

    model: str
    usage: Any
    failure: Any
    finish_reason: str | None


class Credential(Protocol):
    """What lets a request in, and may cease to."""

    async def revoked(self) -> None:
        """Return once it is not good any more."""
        ...


class RequestContext:
    """One request. `principal` and `credential` are filled in by who knows the keys, `outcome` by who answers.

    `direct_send` sends past all middleware, None where a layer would miss what it has to see. `credential` is None
    where it cannot be revoked.
    """

    __slots__ = ("credential", "direct_send", "id", "outcome", "principal")

    def __init__(self, request_id: str, *, direct_send: Send | None = None) -> None:
        self.id = request_id
        self.principal: Principal = ANYONE
        self.credential: Credential | None = None
        self.outcome: Outcome | None = None
        self.direct_send = direct_send


class Leaving:
    """Calls back when a client leaves. To wait for `http.disconnect` takes a task of its own for each answer.

    To see it leave, a server may have to `read_on`. Of requests that came at once, which are answered one after the
    other, two may listen for a moment. It `has_sent_all` once no body has to be waited for.
    """

    def __init__(self, read_on: Callable[[], object]) -> None:
        self._read_on = read_on
        self._backs: list[Callable[[], object]] = []
        self._has_left = False
        self.has_sent_all = False

    def call(self, back: Callable[[], object]) -> None:
        """Call `back` when the client leaves, now if it has."""
        self._backs.append(back)
        if self._has_left:
            back()
        else:
            self._read_on()

    def call_no_more(self, back: Callable[[], object]) -> None:
        """Do not."""
        self._backs.remove(back)

    def tell(self) -> None:
        """Note that the client has left."""
        self._has_left = True
        for back in [*self._backs]:
            back()


def context_of(scope: Scope) -> RequestContext:
    """Return the context of the request that `scope` belongs to."""
    context: RequestContext = scope[_KEY]
    return context


def header(scope: Scope, name: bytes) -> str | None:
    """Return what a request says under `name`, which is in lower case; the first, if it says several things.

    Every request is asked for many of them, and Starlette's `Headers` take several times as long for each.
    """
    known: dict[bytes, bytes] | None = scope.get(_HEADERS)
    value = (headers(scope) if known is None else known).get(name)
    return None if value is None else value.decode("latin-1")


def headers(scope: Scope) -> dict[bytes, bytes]:
    """Return what a request says under each name, the first of several things; put together once."""
    known: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if known is None:
        known = scope[_HEADERS] = dict(reversed(scope["headers"]))
    return known


def leaving_of(scope: Scope) -> Leaving | None:
    """Return what knows when the client leaves; None where nothing does, or a layer between may want to know first."""
    return scope.get(LEAVING) if context_of(scope).direct_send is not None else None


def enter(scope: Scope, context: RequestContext) -> None:
    """Let `scope` carry `context`."""
    scope[_KEY] = context


def leave(scope: Scope) -> None:
    """Take the context out again: it leads back to the scope, and would wait for the garbage collector."""
    del scope[_KEY]


def wants_key(scope: Scope) -> bool:
    """Return whether the path is served only to whoever shows a key, where there are keys."""
    return not (is_public(scope) or scope["path"].startswith(shared_page.PATH))


def told_path(scope: Scope) -> str:
    """Return the path as it may be logged: without what lets somebody in."""
    path = str(scope["path"])
    return f"{shared_page.PATH}…" if path.startswith(shared_page.PATH) else path


def is_public(scope: Scope) -> bool:
    """Return whether the path is served to everybody."""
    return scope["path"] in PUBLIC_PATHS


def address_of(scope: Scope) -> str:
    """Return the client's address, or its network with IPv6: the connection's, or what a TRUSTED_PROXY says it is."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return f"address {host}"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"network {ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False)}"
        return f"address {address.ipv4_mapped}"
    return f"address {address}"
