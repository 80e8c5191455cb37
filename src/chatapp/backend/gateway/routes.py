"""The paths of OpenAI's API, and of Anthropic's, that are served here."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse

from chatapp.backend.api.dependencies import Id
from chatapp.backend.api.responses import StreamedAnswer, WholeAnswer
from chatapp.backend.gateway.anthropic_answers import (
    NO_THREADS,
    MessageEvents,
    listed_model,
    listed_models,
    whole_message,
)
from chatapp.backend.gateway.anthropic_requests import likely_tokens_of, messages_question
from chatapp.backend.gateway.anthropic_schemas import AnthropicErrorResponse, InputTokens, MessagesRequest
from chatapp.backend.gateway.asking import begun
from chatapp.backend.gateway.chat_answers import ChatChunks, completion
from chatapp.backend.gateway.chat_requests import question_of
from chatapp.backend.gateway.kept_responses import KeptResponses, with_named_items
from chatapp.backend.gateway.raw_calls import RawCall, with_listed_logprobs
from chatapp.backend.gateway.response_answers import ResponseEvents, whole_response
from chatapp.backend.gateway.response_requests import earlier_messages, response_question
from chatapp.backend.gateway.schemas import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    Json,
    ModelList,
    ModelOut,
    OpenAIErrorResponse,
    ResponseRequest,
)
from chatapp.backend.http.anthropic_errors import speaks_anthropic
from chatapp.backend.http.bodies import BoundedJsonRequest, StraightRoute
from chatapp.backend.http.context import context_of
from chatapp.backend.http.errors import documented_errors
from chatapp.backend.models.chat_model import ChatModel, RawKind
from chatapp.errors import InvalidRequestError, UpstreamModelNotFoundError

_MEANINGS = {
    400: "The request breaks a rule, or is longer than the model can read.",
    401: "No API key, or an unknown one.",
    404: "No such model, or no such response.",
    408: "The body took too long to arrive.",
    409: "The conversation is still answering.",
    413: "The body is larger than 32 times MAX_BODY_BYTES.",
    415: "The body is not JSON.",
    429: "Too many requests, here or at the model server.",
    500: "A defect of the backend.",
    502: "The model server refuses us, or fails.",
    503: "Overloaded, or shutting down.",
    504: "The model was silent for too long.",
}

ERRORS = documented_errors(OpenAIErrorResponse, _MEANINGS)
ANTHROPIC_ERRORS = documented_errors(AnthropicErrorResponse, _MEANINGS)


class GatewayRequest(BoundedJsonRequest):
    """A request whose body may be larger: it holds all that was said before, and pictures as text."""

    times_larger = 32


class GatewayRoute(StraightRoute):
    """A route under `/v1`."""

    request_class = GatewayRequest


router = APIRouter(prefix="/v1", route_class=GatewayRoute, tags=["OpenAI's API"], responses=ERRORS)

_EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string", "description": "JSON, or `[DONE]`."}},
    "required": ["data"],
}
_COMPLETION: dict[int | str, Json] = {
    200: {
        "description": "The answer, or with `stream` its chunks.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/event-stream": {"itemSchema": _EVENT},
        },
    },
}

_EMBEDDINGS: dict[int | str, Json] = {
    200: {
        "description": "What the model server answers.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


def _kept(request: Request) -> KeptResponses:
    return KeptResponses(request.app.state.store, owner=context_of(request.scope).principal.name)


@router.post("/chat/completions", summary="Make a chat completion", response_class=Response, responses=_COMPLETION)
async def chat_completions(request: Request, wanted: ChatRequest) -> Response:
    """Answer as OpenAI does, whole or streamed, with tools, pictures and whatever else the model server takes."""
    turn = await begun(request, question_of(wanted))
    if not wanted.stream:
        return WholeAnswer(turn, body=completion)
    wants_usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
    return StreamedAnswer(turn, encode=ChatChunks(turn, wants_usage=wants_usage))


@router.post("/responses", summary="Make a response", response_class=Response, responses=_COMPLETION)
async def responses(request: Request, wanted: ResponseRequest) -> Response:
    """Answer as OpenAI's Responses API does, whole or in events: text and functions."""
    owner, house = context_of(request.scope).principal.name, request.app.state
    earlier = await earlier_messages(house.store, house.attachment_desk, wanted.previous_response_id, owner=owner)
    wanted.input = await with_named_items(house.store, wanted.input, owner=owner)
    turn = await begun(request, response_question(wanted, earlier))
    if wanted.stream:
        return StreamedAnswer(turn, encode=ResponseEvents(turn, wanted))
    return WholeAnswer(turn, body=lambda turn: whole_response(turn, wanted))


@router.get("/responses/{response_id}", summary="Get a response that was kept", response_model=Json)
async def kept_response(request: Request, response_id: Id, stream: bool = False) -> Response:
    """Return it as far as it is."""
    if stream:
        raise InvalidRequestError("A response that was kept is given as a whole: leave out stream.")
    return JSONResponse(await _kept(request).get(response_id))


@router.delete("/responses/{response_id}", summary="Delete a response", response_model=Json)
async def delete_response(request: Request, response_id: Id) -> Response:
    """Let nobody read it or go on behind it by its id. Its words stay in the conversation that it is part of.

    One that a client has begun and all of whose responses were deleted is deleted too; it can be restored for 30 days.
    """
    return JSONResponse(await _kept(request).delete(response_id))


@router.get("/responses/{response_id}/input_items", summary="List what a response answered", response_model=Json)
async def input_items(
    request: Request,
    response_id: Id,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Return what was said before it, the newest first unless `order` is `asc`."""
    return JSONResponse(await _kept(request).items(response_id, order=order, after=after, limit=limit))


@router.post(
    "/messages",
    summary="Make a message as Anthropic does",
    response_class=Response,
    responses={**_COMPLETION, **ANTHROPIC_ERRORS},
)
async def messages(request: Request, wanted: MessagesRequest) -> Response:
    """Answer as Anthropic's Messages API does, whole or in events: text, pictures, and tools of the client's."""
    if wanted.thread is not None:
        return JSONResponse(NO_THREADS, status_code=400)
    turn = await begun(request, messages_question(wanted))
    if wanted.stream:
        return StreamedAnswer(turn, encode=MessageEvents(turn, wanted))
    return WholeAnswer(turn, body=lambda turn: whole_message(turn, wanted))


@router.post(
    "/messages/count_tokens",
    summary="Estimate the tokens of a message",
    response_model=InputTokens,
    responses=ANTHROPIC_ERRORS,
)
async def count_tokens(request: Request, wanted: MessagesRequest) -> Response:
    """Return about how many tokens a question is, as far as its words tell."""
    count = await asyncio.to_thread(likely_tokens_of, messages_question(wanted))
    return JSONResponse({"input_tokens": count})


@router.post("/embeddings", summary="Make embeddings", response_class=Response, responses=_EMBEDDINGS)
async def embeddings(request: Request, wanted: EmbeddingRequest) -> Response:
    """Pass the question on to the model server, and its answer back."""
    return Response(await _passed_on(request, "embeddings", wanted), media_type="application/json")


@router.post("/completions", summary="Complete a text", response_class=Response, responses=_COMPLETION)
async def completions(request: Request, wanted: CompletionRequest) -> Response:
    """Pass the question on to the model server, and its answer back, as one event where it is to be streamed.

    Nothing of it is kept.
    """
    answer = await _passed_on(request, "completions", wanted, "stream", "stream_options")
    if wanted.logprobs is not None:
        answer = with_listed_logprobs(answer)
    if not wanted.stream:
        return Response(answer, media_type="application/json")
    on_one_line = answer.replace(b"\r", b" ").replace(b"\n", b" ")
    return Response(b"data: " + on_one_line + b"\n\ndata: [DONE]\n\n", media_type="text/event-stream")


async def _passed_on(
    request: Request, kind: RawKind, wanted: EmbeddingRequest | CompletionRequest, *ours: str
) -> bytes:
    """Return what the model server answers to `wanted`, which goes there without `ours`."""
    state = request.app.state
    call = RawCall(
        kind,
        state.model,
        state.settings,
        state.turns,
        observers=state.observers,
        pricer=state.pricer,
        gate=state.budgets,
        owner=context_of(request.scope).principal.name,
    )
    body = {**wanted.passed_on(*ours), "model": wanted.model or await state.model.default_model()}
    return await call.ask(body, request.scope, request.receive)


@router.get("/models", summary="List the models as OpenAI does", response_model=ModelList)
async def models(request: Request) -> Response | ModelList:
    """Name the models that can be asked, the default first; Anthropic's clients are told in their words."""
    listed = await _listed(request.app.state.model)
    return JSONResponse(listed_models(listed)) if speaks_anthropic(request.scope) else ModelList(data=listed)


@router.get("/models/{model_id:path}", summary="Get a model as OpenAI does", response_model=ModelOut)
async def model(request: Request, model_id: str) -> Response | ModelOut:
    """Return one of the models that can be asked."""
    for entry in await _listed(request.app.state.model):
        if entry.id == model_id:
            return JSONResponse(listed_model(entry)) if speaks_anthropic(request.scope) else entry
    raise UpstreamModelNotFoundError("there is no such model.", hint="GET /v1/models lists them all.")


async def _listed(model: ChatModel) -> list[ModelOut]:
    return [ModelOut(id=name, owned_by=model.connection_for(name)) for name in await model.models()]
