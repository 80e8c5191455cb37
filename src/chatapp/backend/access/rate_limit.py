"""How often somebody may ask: RATE_LIMIT requests of each key, or of each address where there are no keys."""

import asyncio
import math
import time
from collections.abc import Callable

from limits import parse
from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.access.rate_limit_storage import HitFile
from chatapp.backend.http.context import address_of, context_of, is_public
from chatapp.backend.http.errors import error_response
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, RateLimitedError, SettingsError, StoreUnavailableError

REDIS_TIMEOUT_S = 2


class RateLimitCheck:
    """Middleware that refuses who asks too often; `/health` is never counted."""

    def __init__(self, app: ASGIApp, limiter: "Limiter") -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and not is_public(scope):
            try:
                await asyncio.to_thread(self._limiter.count, _who(scope))
            except ChatappError as error:
                await error_response(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Limiter:
    """Counts the requests of the last second, minute, hour or day, for every process that shares the storage."""

    def __init__(self, limit: str, storage: Storage, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._limit = parse(limit)
        self._window = MovingWindowRateLimiter(storage)
        self._hint = None if isinstance(storage, HitFile) else "Check that Redis runs where REDIS_URL says."
        self._shown = limit

    @classmethod
    def open(cls, settings: Settings, limit: str) -> "Limiter":
        """Return the limiter that counts in REDIS_URL, or else in a file that the processes of this machine share.

        Raises:
            SettingsError: REDIS_URL cannot be used.
            StoreUnavailableError: the file cannot be written.
        """
        if settings.redis_url is not None:
            return cls(limit, _redis(settings.redis_url.get_secret_value()))
        return cls(limit, HitFile(settings.data_dir / "rate-limit.db"), clock=time.monotonic)

    def count(self, who: str) -> None:
        """Count one request of `who`.

        Raises:
            RateLimitedError: it is one too many; `retry_after` says when the next one is not.
            StoreUnavailableError: it cannot be counted. Then nobody is served, or the limit would be none.
        """
        try:
            if self._window.hit(self._limit, who):
                return
            free_at = self._window.get_window_stats(self._limit, who).reset_time
        except StorageError as error:
            sentence = "Requests cannot be counted for RATE_LIMIT."
            raise StoreUnavailableError(sentence, hint=self._hint, retry_after=5) from error
        wait_s = min(max(1, math.ceil(free_at - self._clock())), self._limit.get_expiry())
        raise RateLimitedError(
            f"More requests than RATE_LIMIT allows ({self._shown}).",
            hint=f"Ask again in {wait_s} {'second' if wait_s == 1 else 'seconds'}.",
            retry_after=wait_s,
        )


def _redis(url: str) -> Storage:
    try:
        storage = storage_from_string(
            url, wrap_exceptions=True, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
        )
    except ConfigurationError:
        hint = "Install it with: pip install redis"
        raise SettingsError("REDIS_URL names a Redis, whose client is not installed.", hint=hint) from None
    except ValueError:
        raise SettingsError("REDIS_URL cannot be read: it must be redis://user:password@host:port.") from None
    assert isinstance(storage, Storage)  # noqa: S101 - there are others for asyncio, which we do not name
    return storage


def _who(scope: Scope) -> str:
    """Return the name of the key, or the client's address: the connection's, or what a TRUSTED_PROXY says it is."""
    principal = context_of(scope).principal
    if principal.key_id is not None:
        return f"key {principal.name}"
    return address_of(scope)
