"""Where the browser fetches messages that come into view: told to whoever shows the token of a session let in."""

import json
from collections.abc import Callable
from json import JSONDecodeError

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chatapp.frontend.transcript.live_stream import live_stream
from chatapp.frontend.transcript.open_transcripts import open_transcripts
from chatapp.frontend.transcript.request_code import LANGUAGES
from chatapp.frontend.transcript.transcript import Transcript

PATH = "/app/messages"
LIVE_PATH = "/app/live"
CODE_PATH = "/app/code"
MOST_KEYS = 64
_MOST_BYTES = 8192
_HEADERS = {"Cache-Control": "no-store"}
_STREAM_HEADERS = {**_HEADERS, "X-Accel-Buffering": "no"}


def message_routes(is_admitted: Callable[[str], bool]) -> list[Route]:
    """Return the routes; `is_admitted` tells by a session's id whether it is let in."""

    def transcript(request: Request) -> Transcript | None:
        found = open_transcripts().get(request.headers.get("x-transcript", ""))
        return found if found is not None and is_admitted(found.session_id) else None

    async def listing(request: Request) -> Response:
        shown = transcript(request)
        return _refusal() if shown is None else JSONResponse(shown.listing(), headers=_HEADERS)

    async def bodies(request: Request) -> Response:
        shown, keys = transcript(request), await _keys(request)
        return _refusal() if shown is None else await _bodies(shown, keys)

    async def live(request: Request) -> Response:
        shown = transcript(request)
        name = request.query_params.get("name")
        answer = next((one for one in shown.live if one.name == name), None) if shown else None
        if shown is None or answer is None:
            return _refusal()
        return StreamingResponse(
            live_stream(answer, shown.words), media_type="text/event-stream", headers=_STREAM_HEADERS
        )

    async def code(request: Request) -> Response:
        shown, wanted = transcript(request), request.query_params.get("as")
        language = next((each for each in LANGUAGES if each == wanted), None)
        if shown is None or language is None:
            return _refusal()
        text = shown.code(request.query_params.get("id", ""), language)
        return _refusal() if text is None else PlainTextResponse(text, headers=_HEADERS)

    return [
        Route(CODE_PATH, code),
        Route(LIVE_PATH, live),
        Route(PATH, listing, methods=["GET"]),
        Route(PATH, bodies, methods=["POST"]),
    ]


def _refusal() -> Response:
    return JSONResponse({"detail": "There is no such session."}, 404, headers=_HEADERS)


async def _bodies(shown: Transcript, keys: list[str] | None) -> Response:
    if keys is None:
        return JSONResponse({"detail": f"Send up to {MOST_KEYS} keys as a list."}, 422, headers=_HEADERS)
    return JSONResponse(await run_in_threadpool(shown.bodies, keys), headers=_HEADERS)


async def _keys(request: Request) -> list[str] | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    try:
        keys = json.loads(body)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None
    is_list = isinstance(keys, list) and len(keys) <= MOST_KEYS and all(isinstance(key, str) for key in keys)
    return keys if is_list else None
