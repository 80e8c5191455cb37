"""API keys on requests: who sent one, and for how long it is good."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.access.api_keys import KeyRing
from chatapp.backend.access.wrong_keys import WrongKeys
from chatapp.backend.http.context import address_of, context_of, wants_key
from chatapp.backend.http.errors import error_response
from chatapp.backend.principal import Principal
from chatapp.errors import ChatappError, RateLimitedError, UnauthorizedError

LOOK_AGAIN_S = 1.0
"""How soon a revoked key is noticed that somebody still reads with."""


class KeyCheck:
    """Middleware that lets only known keys pass, by `Authorization: Bearer` or `X-API-Key`, but to what is for all."""

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self._app = app
        self._keys = keys
        self._wrong_keys = WrongKeys()
        self._proven: set[Principal] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and wants_key(scope):
            key = _key_in(Headers(scope=scope))
            await self._keys.refresh()
            try:
                principal = self._principal(key, scope)
            except ChatappError as error:
                await error_response(error, scope)(scope, receive, send)
                return
            context = context_of(scope)
            context.principal = principal
            if self._keys.is_reloadable:
                context.credential = ShownKey(self._keys, key, principal)
        await self._app(scope, receive, send)

    def _principal(self, key: bytes, scope: Scope) -> Principal:
        """Return whose key it is.

        While too many wrong ones come from an address, only those are looked at that were good before: the others on
        the same network go on, and trying keys tells nothing.

        Raises:
            UnauthorizedError: it is nobody's.
            RateLimitedError: too many from this address were nobody's.
        """
        principal = self._keys.principal_of(key) if key else None
        address = address_of(scope)
        wait_s = self._wrong_keys.wait_s(address)
        if wait_s and principal not in self._proven:
            raise RateLimitedError(
                "Too many wrong API keys came from this address.",
                hint=f"Try again in {wait_s} seconds.",
                retry_after=wait_s,
            )
        if principal is None:
            if key:
                self._wrong_keys.add(address)
            raise unauthorized()
        self._proven.add(principal)
        return principal


class ShownKey:
    """The key that lets one request in."""

    def __init__(self, keys: KeyRing, key: bytes, principal: Principal) -> None:
        self._keys = keys
        self._key = key
        self._principal = principal

    async def revoked(self) -> None:
        """Return once the key is not good any more."""
        while self._keys.principal_of(self._key) == self._principal:
            await asyncio.sleep(LOOK_AGAIN_S)
            await self._keys.refresh()


def unauthorized() -> UnauthorizedError:
    """Return the error for a request without a key, with a wrong one, and for readers whose key is revoked."""
    return UnauthorizedError(
        "This backend wants an API key.", hint="Send it as: Authorization: Bearer KEY, or set BACKEND_API_KEY."
    )


def _key_in(headers: Headers) -> bytes:
    """Return the key as its bytes came: header values are text of one character a byte."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    sent = key if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return sent.strip().encode("latin-1")
