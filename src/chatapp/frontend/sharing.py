"""Shared conversations on the page's own address: whoever has the link reads them, without signing in."""

from collections.abc import Callable

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chatapp.client import BackendClient
from chatapp.errors import ChatappError
from chatapp.protocol import shared_page


def shared_route(client: Callable[[], BackendClient]) -> Route:
    """Return the route of shared conversations; `client` tells the backend that has them, which wants no key here."""

    async def shared(request: Request) -> Response:
        try:
            pieces = await run_in_threadpool(client().conversations.shared, request.path_params["token"])
        except ChatappError as error:
            return PlainTextResponse(error.sentence(), status_code=error.status, headers=shared_page.HEADERS)
        return StreamingResponse(
            iterate_in_threadpool(pieces), media_type="text/html; charset=utf-8", headers=shared_page.HEADERS
        )

    return Route(f"{shared_page.PATH}{{token}}", shared)
