"""Questions: answered whole or streamed."""

import asyncio
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.exceptions import RequestValidationError

from chatapp.backend.api.dependencies import ERRORS, Id
from chatapp.backend.api.responses import StreamedAnswer, WholeAnswer
from chatapp.backend.attachments.choosing import chosen_part
from chatapp.backend.http.bodies import BoundedJsonRoute, StraightRoute
from chatapp.backend.http.context import context_of, header
from chatapp.backend.store import Store
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.chosen_pages import without_pages
from chatapp.protocol.messages import AttachmentPart, Message, TextPart
from chatapp.protocol.question import SAMPLING, Question
from chatapp.protocol.schemas.conversations import Regeneration
from chatapp.protocol.schemas.query import AnswerResponse, MessageIn, QueryRequest
from chatapp.protocol.surfaces import Surface, surface_of

_PARAMETERS = (*SAMPLING, "json_schema")
_STREAM_EXAMPLE = (
    'id: 1\nevent: start\ndata:{"turn_id":"0198…","model":"gpt-4o-mini","conversation_id":null}\n\n'
    "id: 8\ndata: Quantum\n\nid: 18\ndata:  computing\n\n"
    'id: 19\nevent: done\ndata:{"finish_reason":"stop","usage":null,"latency_ms":640}\n\n'
)
_STREAM_EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$", "description": "Position in the turn, for `Last-Event-ID`."},
        "event": {
            "enum": ["message", "start", "reasoning", "tool_call", "citation", "notice", "done", "error"],
            "description": "Not written for answer text: what has no name is a `message`.",
        },
        "data": {"type": "string", "description": "Answer text, or the JSON of a named event."},
    },
    "required": ["id", "data"],
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Unnamed events carry the answer's text, named ones (`start`, `reasoning`, `tool_call`, "
        "`citation`, `notice`, and one of `done` or `error` at the end) JSON.",
        "content": {"text/event-stream": {"itemSchema": _STREAM_EVENT, "example": _STREAM_EXAMPLE}},
    },
    **ERRORS,
}


class QuestionRoute(StraightRoute):
    """A route for questions."""

    special_headers = frozenset({b"idempotency-key"})


router = APIRouter(route_class=BoundedJsonRoute, tags=["ask"])
questions = APIRouter(route_class=QuestionRoute, tags=["ask"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        description="Any text of your own. A second request with the same key and body gets the same turn, "
        "or a new one where that failed before anything was said.",
        min_length=1,
        max_length=200,
    ),
]


async def _turn_for(request: Request, query: QueryRequest, idempotency_key: str | None) -> Turn:
    """Begin the turn that `query` asks for."""
    body_hash = hashlib.sha256(await request.body()).hexdigest() if idempotency_key else None
    return await start_turn(request, await question_in(request, query, idempotency_key, body_hash))


async def question_in(
    request: Request, query: QueryRequest, idempotency_key: str | None = None, body_hash: str | None = None
) -> Question:
    """Return what `query` asks.

    Raises:
        RequestValidationError: it is longer than MAX_PROMPT_CHARS.
        NotFoundError: it names a file that is not there.
        InvalidRequestError: it names pages that a file has not.
    """
    _require_length(query.prompt, request.app.state.settings.max_prompt_chars)
    owner = context_of(request.scope).principal.name
    files = await _files(request, query, owner) if query.attachments or query.messages else {}
    return Question(
        owner=owner,
        prompt=query.prompt,
        attachments=tuple(files[id_] for id_ in query.attachments),
        system=query.system,
        messages=[_earlier(message, files) for message in query.messages or ()],
        model=query.model,
        parameters=_parameters(query),
        conversation_id=query.conversation_id,
        project_id=query.project_id,
        parent_id=query.parent_id,
        store=bool(query.store or query.conversation_id or query.project_id),
        surface=_surface(request),
        idempotency_key=idempotency_key,
        body_hash=body_hash,
    )


def _parameters(query: QueryRequest | Regeneration) -> dict[str, Any]:
    """Return how the words are to be chosen, as far as `query` says; most say nothing of it."""
    if query.model_fields_set.isdisjoint(_PARAMETERS):
        return {}
    given = {name: value for name in SAMPLING if (value := getattr(query, name, None)) is not None}
    if query.json_schema is not None:
        schema = {"name": "answer", "schema": query.json_schema}
        given["response_format"] = {"type": "json_schema", "json_schema": schema}
    return given


async def _files(request: Request, query: QueryRequest, owner: str) -> dict[str, AttachmentPart]:
    """Return the files that a question names, by what it names them."""
    named = [*query.attachments, *(id_ for message in query.messages or () for id_ in message.attachments)]
    if not named:
        return {}
    store: Store = request.app.state.store
    chosen = {reference: without_pages(reference) for reference in named}
    ids = list(dict.fromkeys(id_ for id_, _ in chosen.values()))
    found = {it.id: it for it in await asyncio.to_thread(store.attachments.get_many, ids, owner=owner)}
    parts = {reference: chosen_part(found[id_], pages) for reference, (id_, pages) in chosen.items()}
    for part in parts.values():
        await request.app.state.attachment_desk.draw(part, owner)
    return parts


def _earlier(message: MessageIn, files: dict[str, AttachmentPart]) -> Message:
    if not message.attachments:
        return Message.of(message.role, message.content)
    return Message(message.role, (*(files[id_] for id_ in message.attachments), TextPart(message.content)))


def _require_length(prompt: str, max_chars: int) -> None:
    if len(prompt) > max_chars:
        message = f"String should have at most {max_chars} characters (MAX_PROMPT_CHARS)"
        raise RequestValidationError([{"type": "string_too_long", "loc": ("body", "prompt"), "msg": message}])


def _surface(request: Request) -> Surface:
    return surface_of(header(request.scope, b"user-agent") or "")


async def start_turn(request: Request, question: Question) -> Turn:
    """Return the turn that answers `question`, noted as what came of the request.

    Raises:
        ChatappError: it cannot be answered.
    """
    context = context_of(request.scope)
    turns: TurnRegistry = request.app.state.turns
    turn = await turns.start(question, request_id=context.id)
    context.outcome = turn
    return turn


@questions.post("/query", summary="Ask and get the whole answer", response_model=AnswerResponse, responses=ERRORS)
async def query(request: Request, query: QueryRequest, idempotency_key: IdempotencyKey = None) -> WholeAnswer:
    """Answer in one piece. The same as the stream, drained."""
    return WholeAnswer(await _turn_for(request, query, idempotency_key))


@questions.post("/query/stream", summary="Ask and stream the answer", response_class=Response, responses=STREAM)
async def query_stream(request: Request, query: QueryRequest, idempotency_key: IdempotencyKey = None) -> StreamedAnswer:
    """Answer as server-sent events while the model speaks."""
    return StreamedAnswer(await _turn_for(request, query, idempotency_key))


@router.post(
    "/conversations/{conversation_id}/regenerate",
    summary="Regenerate an answer and stream it",
    response_class=Response,
    responses=STREAM,
)
async def regenerate(request: Request, conversation_id: Id, wanted: Regeneration) -> StreamedAnswer:
    """Answer a question of the conversation again, beside the answers it has."""
    question = Question(
        owner=context_of(request.scope).principal.name,
        prompt=None,
        model=wanted.model,
        parameters=_parameters(wanted),
        conversation_id=conversation_id,
        parent_id=wanted.message_id,
        store=True,
        surface=_surface(request),
        is_beside=wanted.beside,
    )
    return StreamedAnswer(await start_turn(request, question))
