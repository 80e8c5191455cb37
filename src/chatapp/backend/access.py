"""Who may ask: the Host header, and API keys."""

import hashlib
import hmac
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.error_responses import error_response
from chatapp.errors import ForeignHostError, SettingsError, UnauthorizedError
from chatapp.hosts import is_ours
from chatapp.settings import Settings


class HostCheck:
    """Middleware that refuses requests meant for another machine, as a web page makes them after DNS rebinding.

    See `chatapp.hosts.is_ours` for which those are.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and not self._is_ours(Headers(scope=scope).get("host", "")):
            error = ForeignHostError("This backend does not answer for that host.", hint="See ALLOWED_HOSTS.")
            await error_response(error, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        return is_ours(host, listening_on=self._settings.host, allowed=self._settings.allowed_hosts)


class KeyCheck:
    """Middleware that lets only known keys pass, as `Authorization: Bearer` or `X-API-Key`; `/health` needs none."""

    def __init__(self, app: ASGIApp, keys: "KeyRing") -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and scope["path"] != "/health":
            owner = self._keys.owner_of(_key_in(Headers(scope=scope)))
            if owner is None:
                error = UnauthorizedError(
                    "This backend wants an API key.",
                    hint="Send it as: Authorization: Bearer KEY, or set BACKEND_API_KEY.",
                )
                await error_response(error, scope)(scope, receive, send)
                return
            scope["owner"] = owner
        await self._app(scope, receive, send)


def _key_in(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


class KeyRing:
    """The keys of API_KEYS: `name:key` pairs, or a file of `name:<SHA-256 of the key>` lines, read again on change."""

    def __init__(self, api_keys: str) -> None:
        self._file = None if ":" in api_keys and not Path(api_keys).is_file() else Path(api_keys)
        self._seen: tuple[int, int] | None = None
        self._digests = {} if self._file else dict(_pair(part, hashed=False) for part in api_keys.split(","))
        self._refresh()

    def owner_of(self, key: str) -> str | None:
        """Give the name of the key's owner, None for a key we do not know. Takes the same time either way."""
        self._refresh()
        digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
        owner = None
        for name, known in self._digests.items():
            if hmac.compare_digest(known, digest):
                owner = name
        return owner

    def _refresh(self) -> None:
        if self._file is None:
            return
        try:
            stat = self._file.stat()
            if (seen := (stat.st_mtime_ns, stat.st_size)) != self._seen:
                lines = self._file.read_text(encoding="utf-8").splitlines()
                self._digests = dict(_pair(line, hashed=True) for line in lines if line.strip())
                self._seen = seen
        except (OSError, UnicodeError) as error:
            raise SettingsError("API_KEYS names a file that cannot be read.") from error


def _pair(text: str, *, hashed: bool) -> tuple[str, str]:
    name, _, secret = (part.strip() for part in text.partition(":"))
    if not name or not secret:
        raise SettingsError("API_KEYS must be name:key pairs separated by commas, or the path of a file of digests.")
    return name, secret.lower() if hashed else hashlib.sha256(secret.encode()).hexdigest()
