"""Conversations from elsewhere, and how far their imports are."""

from typing import Any

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, Id
from chatapp.backend.api.transfer_parts import CurrentImportDesk
from chatapp.backend.http.uploads import FILE_IN_BODY, declared_size, received_file
from chatapp.backend.transfer.importers import Receipt
from chatapp.protocol.schemas.imports import ImportPage, ImportReceipt

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
    """Return your imports that this backend receives or reads, oldest first, and how far they are."""
    return {"items": desk.running(owner=owner)}


@router.delete("/imports/{import_id}", summary="Cancel an import", status_code=204)
async def cancel(import_id: Id, desk: CurrentImportDesk, owner: CurrentOwner) -> None:
    """End it; what is in stays, and who sent the file gets the receipt."""
    desk.cancel(import_id, owner=owner)
