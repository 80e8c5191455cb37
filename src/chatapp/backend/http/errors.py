"""The one shape of every error, whoever raised it."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match, Route
from starlette.types import Scope

from chatapp.backend.http.context import context_of
from chatapp.backend.http.openai_errors import gateway_response, is_openai_path
from chatapp.errors import (
    BodyTooLargeError,
    ChatappError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    RequestError,
    RequestTimeoutError,
    UnsupportedMediaTypeError,
)
from chatapp.protocol.received_errors import error_from_dict

FAULTS_SHOWN = 5


def documented_errors(shape: type[BaseModel], meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of errors that have one `shape`, by their statuses.

    The first status names the class, the others what it is called in the document: for each class that it meets at a
    status of a route FastAPI makes a serializer, which nobody uses and which took a tenth of a start.
    """
    by_name = {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}}
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": meaning, "content": by_name} for status, meaning in meanings.items()
    }
    first = next(iter(meanings))
    return told | {first: {"description": meanings[first], "model": shape}}


def error_response(error: ChatappError, scope: Scope, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response for `error`, with its status and the headers that belong to it, as its path words errors."""
    if is_openai_path(scope["path"]):
        response = gateway_response(error, scope=scope, headers=headers)
    else:
        response = JSONResponse(error.as_dict(_request_id(scope)), status_code=error.status, headers=headers)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if response.status_code == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _request_id(scope: Scope) -> str:
    return context_of(scope).id


async def _on_our_error(request: Request, error: ChatappError) -> JSONResponse:
    return error_response(error, request.scope)


async def _on_http_error(request: Request, error: HTTPException) -> JSONResponse:
    headers = error.headers
    if error.status_code == 405:  # noqa: PLR2004
        headers = {**(headers or {}), "Allow": ", ".join(_methods(request))}
    return error_response(_our_error(error.status_code), request.scope, headers=headers)


def _methods(request: Request) -> list[str]:
    """Return all methods that the path of a request takes; the framework names those of its first route."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    matching = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in matching for method in route.methods or ()})


def _our_error(status: int) -> RequestError:
    """Return our error for one that the framework raises."""
    kinds = {
        404: NotFoundError("There is no such path.", hint="GET /docs lists them all."),
        405: MethodNotAllowedError("This path does not take that method."),
        408: RequestTimeoutError("The request's body took too long to arrive."),
        415: UnsupportedMediaTypeError(
            "The body must not be compressed.", hint="Send it without the header Content-Encoding."
        ),
        413: BodyTooLargeError("The request's body is too large.", hint="MAX_BODY_BYTES is the limit."),
    }
    return kinds.get(status) or RequestError("The request cannot be read.")


_BRANCHES = ("function-", "list[", "dict[")
"""How Pydantic calls the types that a field may have, such as `list[str]`: no part of the request."""


async def _on_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    faults = [_fault(fault) for fault in error.errors()[:FAULTS_SHOWN]]
    body = {"detail": faults, "code": InvalidRequestError.code, "request_id": _request_id(request.scope)}
    if is_openai_path(request.scope["path"]) and (told := error_from_dict(body)):
        return gateway_response(told, scope=request.scope, parameter=_field(faults[0]["loc"]))
    return JSONResponse(body, status_code=InvalidRequestError.status)


def _field(place: list[Any]) -> str | None:
    """Return which field of the body it is, None where the body as a whole cannot be read."""
    return ".".join(map(str, place[1:])) if len(place) > 1 and isinstance(place[1], str) else None


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    """Return FastAPI's entry without what was sent: no input, of an unknown field only the beginning of its name."""
    named = [part for part in fault["loc"] if isinstance(part, int) or not part.startswith(_BRANCHES)]
    place = [part if isinstance(part, int) else part[:40].encode("ascii", "replace").decode() for part in named]
    if fault["type"] == "json_invalid":
        return {"type": fault["type"], "loc": place[:1], "msg": f"It is not JSON: {fault['ctx']['error']}"}
    return {"type": fault["type"], "loc": place, "msg": fault["msg"].removeprefix("Value error, ")}


EXCEPTION_HANDLERS: dict[type[Exception], Callable[[Request, Any], Any]] = {
    ChatappError: _on_our_error,
    HTTPException: _on_http_error,
    RequestValidationError: _on_invalid_request,
}
