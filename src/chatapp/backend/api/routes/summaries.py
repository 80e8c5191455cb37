"""Summaries: what stands for the beginning of a conversation in what its model reads."""

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, CurrentStore, CurrentSummariser, Id
from chatapp.backend.api.responses import ClientTask
from chatapp.backend.http.bodies import BoundedJsonRoute
from chatapp.backend.http.context import header
from chatapp.backend.store import Summary
from chatapp.protocol.schemas.summaries import NewSummary, SummaryChanges, SummaryOut
from chatapp.protocol.surfaces import surface_of

router = APIRouter(
    prefix="/conversations/{conversation_id}/summaries",
    route_class=BoundedJsonRoute,
    tags=["conversations"],
    responses=ERRORS,
)


@router.post("", summary="Summarise the beginning of a conversation", status_code=201, response_model=SummaryOut)
async def summarise(
    request: Request, conversation_id: Id, wanted: NewSummary, summariser: CurrentSummariser, owner: CurrentOwner
) -> Summary:
    """Have the conversation's model make a summary that it reads from now on in place of the messages it is of.

    The messages stay where they are: in the conversation, in search and in exports. Who leaves before it is made has
    the model asked no longer.
    """
    surface = surface_of(header(request.scope, b"user-agent") or "")
    work = summariser.summarise(
        conversation_id, owner=owner, up_to=wanted.message_id, model=wanted.model, written=wanted.text, surface=surface
    )
    return await ClientTask(work, name="summary").result(request.scope, request.receive)


@router.patch("/{message_id}", summary="Change a summary", response_model=SummaryOut)
def change(
    conversation_id: Id, message_id: Id, changes: SummaryChanges, store: CurrentStore, owner: CurrentOwner
) -> Summary:
    """Write it anew."""
    return store.summaries.change(conversation_id, message_id, owner=owner, text=changes.text)


@router.delete("/{message_id}", summary="Remove a summary", status_code=204)
def remove(conversation_id: Id, message_id: Id, store: CurrentStore, owner: CurrentOwner) -> None:
    """The messages that it stood for go along again."""
    store.summaries.remove(conversation_id, message_id, owner=owner)
