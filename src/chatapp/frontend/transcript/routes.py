"""Where the browser fetches messages that come into view: told to whoever shows the token of a session let in."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
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
PICTURE_PATH = "/app/picture"
MOST_KEYS = 64
MOST_READERS = 8
"""So many may read one answer in the making: a tab does once, and a moment longer where a line broke."""
_MOST_BYTES = 8192
Endpoint = Callable[[Request], Awaitable[Response]]

_HEADERS = {"Cache-Control": "no-store"}
_STREAM_HEADERS = {**_HEADERS, "X-Accel-Buffering": "no"}


def message_routes(is_admitted: Callable[[str], bool]) -> list[Route]:
    """Return the routes; `is_admitted` tells by a session's id whether it is let in."""

    def of_transcript(answer: Callable[[Transcript, Request], Awaitable[Response]]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            shown = open_transcripts().get(request.headers.get("x-transcript", ""))
            return await answer(shown, request) if shown and is_admitted(shown.session_id) else _refusal()

        return endpoint

    return [
        Route(CODE_PATH, of_transcript(_code)),
        Route(LIVE_PATH, of_transcript(_live)),
        Route(PICTURE_PATH, of_transcript(_picture)),
        Route(PATH, of_transcript(_listing), methods=["GET"]),
        Route(PATH, of_transcript(_bodies), methods=["POST"]),
    ]


async def _listing(shown: Transcript, _: Request) -> Response:
    return JSONResponse(shown.listing(), headers=_HEADERS)


async def _bodies(shown: Transcript, request: Request) -> Response:
    keys = await _keys(request)
    if keys is None:
        return JSONResponse({"detail": f"Send up to {MOST_KEYS} keys as a list."}, 422, headers=_HEADERS)
    return JSONResponse(await run_in_threadpool(shown.bodies, keys), headers=_HEADERS)


async def _live(shown: Transcript, request: Request) -> Response:
    answer = shown.answer(request.query_params.get("name", ""))
    if answer is None:
        return _refusal()
    if answer.readers >= MOST_READERS:
        detail = f"This answer is read {MOST_READERS} times already, which is as often as it may be."
        return JSONResponse({"detail": detail}, 429, headers=_HEADERS)
    stream = live_stream(answer, shown.words)
    first = await anext(stream)  # from here on it reads: many who ask in the same moment are told apart
    return StreamingResponse(_behind(first, stream), media_type="text/event-stream", headers=_STREAM_HEADERS)


async def _behind(first: bytes, stream: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(stream):
        yield first
        async for event in stream:
            yield event


async def _code(shown: Transcript, request: Request) -> Response:
    language = next((each for each in LANGUAGES if each == request.query_params.get("as")), None)
    text = shown.code(request.query_params.get("id", ""), language) if language else None
    return _refusal() if text is None else PlainTextResponse(text, headers=_HEADERS)


async def _picture(shown: Transcript, request: Request) -> Response:
    small = await run_in_threadpool(shown.picture, request.query_params.get("id", ""))
    if small is None:
        return _refusal()
    kind = "image/png" if small.startswith(b"\x89PNG") else "image/jpeg"
    return Response(small, media_type=kind, headers={**_HEADERS, "X-Content-Type-Options": "nosniff"})


def _refusal() -> Response:
    return JSONResponse({"detail": "There is no such session."}, 404, headers=_HEADERS)


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
