"""The Host header: which machine a request is meant for."""

from functools import lru_cache, partial

from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.http.context import headers
from chatapp.backend.http.errors import error_response
from chatapp.config.settings import Settings
from chatapp.errors import ForeignHostError
from chatapp.hosts import is_nameless, is_ours


class HostCheck:
    """Middleware that refuses requests meant for another machine, as a web page makes them after DNS rebinding.

    See `chatapp.hosts.is_ours` for which those are.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        # the few names by which a backend is asked, each looked at once
        self._is_ours = lru_cache(128)(partial(is_ours, listening_on=settings.host, allowed=settings.allowed_hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and not self._is_ours(_host(scope)) and not is_nameless(scope):
            error = ForeignHostError("This backend does not answer for that host.", hint="See ALLOWED_HOSTS.")
            await error_response(error, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    """Return the one Host header, nothing where there are several: who passed the request on may go by another one.

    https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    """
    named = headers(scope)
    if len(named) < len(scope["headers"]) and [name for name, _ in scope["headers"]].count(b"host") > 1:
        return ""
    return named.get(b"host", b"").decode("latin-1")
