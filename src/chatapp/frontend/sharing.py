"""Shared conversations on the page's own address: whoever has the link reads them, without signing in."""

from collections.abc import Callable
from html import escape

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from chatapp.client import BackendClient
from chatapp.errors import ChatappError
from chatapp.frontend.languages.choosing import language_for
from chatapp.frontend.languages.elsewhere import sentence_elsewhere
from chatapp.protocol import shared_page

_PAGE = """<!doctype html>
<html lang="{code}" dir="{direction}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>chatapp</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.6 system-ui; max-width: 36rem; margin: 20vh auto; padding: 0 1rem }}
</style>
<h1>chatapp</h1>
<p>{sentence}</p>
"""


def shared_route(client: Callable[[], BackendClient]) -> Route:
    """Return the route of shared conversations; `client` tells the backend that has them, which wants no key here."""

    async def shared(request: Request) -> Response:
        try:
            pieces = await run_in_threadpool(client().conversations.shared, request.path_params["token"])
        except ChatappError as error:
            html = _page_of(error, request.headers.get("accept-language"))
            return HTMLResponse(html, status_code=error.status, headers=shared_page.HEADERS)
        return StreamingResponse(
            iterate_in_threadpool(pieces), media_type="text/html; charset=utf-8", headers=shared_page.HEADERS
        )

    return Route(f"{shared_page.PATH}{{token}}", shared)


def _page_of(error: ChatappError, accepted: str | None) -> str:
    """Return why nothing can be read there, in the language of the browser that asks."""
    language = language_for(None, accepted)
    sentence = escape(sentence_elsewhere(error, language))
    return _PAGE.format(code=language.code, direction=language.direction, sentence=sentence)
