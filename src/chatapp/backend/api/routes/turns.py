"""Turns: looked at, read again, stopped."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, CurrentTurns, Id
from chatapp.backend.api.responses import StreamedAnswer
from chatapp.backend.api.routes.query import STREAM
from chatapp.backend.turns.turn import Turn
from chatapp.errors import InvalidRequestError
from chatapp.protocol.schemas.query import TurnOut

router = APIRouter(prefix="/turns", tags=["turns"])

TurnId = Annotated[Id, Path(description="The id from the `start` event.")]


async def _found(turn_id: TurnId, turns: CurrentTurns, owner: CurrentOwner) -> Turn:
    return await turns.find(turn_id, owner=owner)


FoundTurn = Annotated[Turn, Depends(_found)]


@router.get("/{turn_id}", summary="Get a turn", responses=ERRORS)
async def get_turn(turn: FoundTurn) -> TurnOut:
    """Return the answer as far as it is."""
    return TurnOut.model_validate(
        {
            "turn_id": turn.id,
            "conversation_id": turn.conversation_id,
            "model": turn.model,
            "status": turn.status,
            "answer": turn.text,
            "finish_reason": turn.finish_reason,
            "usage": turn.usage,
            "usage_details": turn.usage_details,
            "error": turn.failure.as_dict(turn.request_id) if turn.failure else None,
        }
    )


@router.get("/{turn_id}/stream", summary="Resume the stream of a turn", response_class=Response, responses=STREAM)
async def resume(
    turn: FoundTurn,
    last_event_id: Annotated[
        str, Header(description="The `id:` of the last event that arrived; 0 is the start.")
    ] = "0",
) -> StreamedAnswer:
    """Return the events behind the last one that arrived."""
    if not (last_event_id.isascii() and last_event_id.isdigit()):
        raise InvalidRequestError("Last-Event-ID must be the id of an event of this turn.")
    return StreamedAnswer(turn, after=int(last_event_id[:18]))


@router.post("/{turn_id}/cancel", summary="Stop an answer", status_code=202, responses=ERRORS)
async def cancel(turn_id: TurnId, turns: CurrentTurns, owner: CurrentOwner) -> dict[str, str]:
    """Close the connection to the model; what was said so far stays the answer."""
    await turns.cancel(turn_id, owner=owner)
    return {"turn_id": turn_id}
