"""Conversations from elsewhere, and how far their imports are."""

from typing import Any

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS, CurrentImportDesk, CurrentOwner, Id
from chatapp.backend.http.uploads import FILE_IN_BODY, declared_size, received_file
from chatapp.backend.transfer.import_desk import RunningImport
from chatapp.backend.transfer.importers import Receipt
from chatapp.protocol.schemas.conversations import ImportPage, ImportReceipt

router = APIRouter(tags=["conversations"], responses=ERRORS)


@router.post(
    "/import",
    summary="Import conversations",
    response_model=ImportReceipt,
    responses={413: {**ERRORS[413], "description": "The file is larger than 1 GiB."}},
    openapi_extra=FILE_IN_BODY,
)
async def import_conversations(request: Request, desk: CurrentImportDesk, owner: CurrentOwner) -> Receipt:
    """Read an export of ChatGPT, Claude, Open WebUI, llm, chatapp and others, as body or in a form.

    What is here already is not added again; what has grown elsewhere grows here. Who hangs up ends the import, and
    what is in stays.
    """
    async with (
        desk.admitted(owner=owner, size=declared_size(request)) as running,
        received_file(request, on_piece=running.receive) as file,
    ):
        await desk.read(running, file.path, has_left=request.is_disconnected)
    return running.receipt


@router.get("/imports", summary="List the imports that are going on", response_model=ImportPage)
async def imports(desk: CurrentImportDesk, owner: CurrentOwner) -> Any:
    """Return your imports that this process of the backend receives or reads, oldest first, and how far they are."""
    return {"items": [_told(running) for running in desk.running(owner=owner)]}


@router.delete("/imports/{import_id}", summary="Cancel an import", status_code=204)
async def cancel(import_id: Id, desk: CurrentImportDesk, owner: CurrentOwner) -> None:
    """End it; what is in stays, and who sent the file gets the receipt."""
    desk.cancel(import_id, owner=owner)


def _told(running: RunningImport) -> dict[str, Any]:
    receipt = running.receipt
    return {
        "id": running.id,
        "state": running.state,
        "started_at": running.started_at,
        "bytes_total": running.bytes_total,
        "bytes_received": running.bytes_received,
        "bytes_read": running.progress.bytes_read,
        "conversations_read": receipt.conversations_read,
        "conversations_added": receipt.conversations_added,
        "messages_added": receipt.messages_added,
    }
