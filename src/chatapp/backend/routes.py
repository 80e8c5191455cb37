"""HTTP ⇄ function calls: one short function per endpoint."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

import chatapp
from chatapp.backend.answers import StreamedAnswer, WholeAnswer
from chatapp.backend.bodies import BoundedJsonRoute
from chatapp.backend.llm import ChatModel
from chatapp.backend.turns import Turns
from chatapp.backend.turns.turn import Question, Turn
from chatapp.errors import ChatappError, InvalidRequestError, NotFoundError
from chatapp.schemas import AnswerResponse, Dependency, ErrorResponse, Health, ModelDependency, QueryRequest, Readiness
from chatapp.settings import Settings, Upstream

_SAMPLING = ("temperature", "top_p", "max_tokens", "stop", "seed")
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorResponse, "description": meaning}
    for status, meaning in {
        401: "No API key, or an unknown one.",
        413: "The body is larger than MAX_BODY_BYTES.",
        422: "The request breaks a rule.",
        429: "Too many requests, here or at the model server.",
        500: "The model refused or failed.",
        503: "Overloaded or shutting down.",
        504: "The model was silent for too long.",
    }.items()
}
_STREAM_EXAMPLE = (
    'id: 1\nevent: start\ndata:{"turn_id":"0198…","model":"gpt-4o-mini","conversation_id":null}\n\n'
    "id: 8\ndata: Quantum\n\nid: 18\ndata:  computing\n\n"
    'id: 19\nevent: done\ndata:{"finish_reason":"stop","usage":null,"latency_ms":640}\n\n'
)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Unnamed events carry the answer's text, named ones (`start`, `reasoning`, `notice`, and one of "
        "`done` or `error` at the end) JSON.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM_EXAMPLE}},
    },
    **_ERRORS,
}

router = APIRouter(route_class=BoundedJsonRoute)


def _turns(request: Request) -> Turns:
    turns: Turns = request.app.state.turns
    return turns


async def _asked(request: Request, query: QueryRequest) -> Turn:
    """Begin the turn that `query` asks for."""
    settings: Settings = request.app.state.settings
    if len(query.prompt) > settings.max_prompt_chars:
        raise RequestValidationError(
            [{"type": "string_too_long", "loc": ("body", "prompt"), "msg": _at_most(settings.max_prompt_chars)}]
        )
    if query.conversation_id is not None:
        raise NotFoundError("There is no such conversation.")
    turn = _turns(request).start(_question(query), owner=_owner(request), request_id=request.scope["record"].id)
    request.scope["record"].turn = turn
    return turn


def _at_most(characters: int) -> str:
    return f"String should have at most {characters} characters"


def _question(query: QueryRequest) -> Question:
    return Question(
        prompt=query.prompt,
        system=query.system,
        history=[{"role": message.role, "content": message.content} for message in query.messages or ()],
        model=query.model,
        parameters={name: value for name in _SAMPLING if (value := getattr(query, name)) is not None},
    )


def _owner(request: Request) -> str:
    owner: str = request.scope.get("owner", "")
    return owner


AskedTurn = Annotated[Turn, Depends(_asked)]


async def _found(request: Request, turn_id: Annotated[str, Path(description="Id from the `start` event.")]) -> Turn:
    return _turns(request).find(turn_id, owner=_owner(request))


FoundTurn = Annotated[Turn, Depends(_found)]


@router.get("/health", summary="Is the backend running?", tags=["state"])
async def health() -> Health:
    """Liveness only: no I/O, and a yes while the model is down."""
    return Health(version=chatapp.__version__)


@router.head("/health", include_in_schema=False)
async def health_head() -> Response:
    """Liveness without a body."""
    return Response()


@router.get(
    "/ready",
    summary="Would a question be answered?",
    tags=["state"],
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Something is missing; the entry says what to do."}},
)
async def ready(request: Request) -> JSONResponse:
    """Ask everything a question needs for a sign of life."""
    model = await _model_state(request.app.state.model, request.app.state.upstream)
    store = Dependency(ok=True, latency_ms=0)
    is_ready = model.ok and store.ok
    body = Readiness(status="ready" if is_ready else "not_ready", model=model, store=store)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=200 if is_ready else 503)


async def _model_state(model: ChatModel, upstream: Upstream) -> ModelDependency:
    began = time.perf_counter()
    failure: ChatappError | None = None
    try:
        await model.probe()
    except ChatappError as error:
        failure = error
    return ModelDependency(
        ok=failure is None,
        name=model.name,
        provider=upstream.provider,
        reason=upstream.reason,
        is_demo=upstream.is_demo,
        latency_ms=round((time.perf_counter() - began) * 1000),
        detail=failure.detail if failure else None,
        hint=failure.hint if failure else None,
    )


@router.post(
    "/query", summary="Ask and get the whole answer", tags=["ask"], response_model=AnswerResponse, responses=_ERRORS
)
async def query(turn: AskedTurn) -> WholeAnswer:
    """Answer in one piece. The same as the stream, drained."""
    return WholeAnswer(turn)


@router.post("/query/stream", summary="Ask and read along", tags=["ask"], response_class=Response, responses=_STREAM)
async def query_stream(turn: AskedTurn) -> StreamedAnswer:
    """Answer as server-sent events while the model speaks."""
    return StreamedAnswer(turn)


@router.get(
    "/turns/{turn_id}/stream",
    summary="Go on reading a turn",
    tags=["turns"],
    response_class=Response,
    responses=_STREAM,
)
async def resume(
    turn: FoundTurn,
    last_event_id: Annotated[
        str, Header(description="The `id:` of the last event that arrived; 0 is the start.")
    ] = "0",
) -> StreamedAnswer:
    """Give the events behind the last one that arrived."""
    if not (last_event_id.isascii() and last_event_id.isdigit()):
        raise InvalidRequestError("Last-Event-ID must be the id of an event of this turn.")
    return StreamedAnswer(turn, after=int(last_event_id[:18]))


@router.post("/turns/{turn_id}/cancel", summary="Stop an answer", tags=["turns"], status_code=202, responses=_ERRORS)
async def cancel(turn: FoundTurn) -> dict[str, str]:
    """Close the connection to the model; what was said so far stays the answer."""
    turn.stop()
    return {"turn_id": turn.id}
