"""Conversations from elsewhere."""

from typing import Any

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS, CurrentImportDesk, CurrentOwner
from chatapp.backend.http.uploads import received_file
from chatapp.backend.transfer.importers import Receipt
from chatapp.protocol.schemas.conversations import ImportReceipt

router = APIRouter(tags=["conversations"])

_CONTENT = {"type": "string", "format": "binary"}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": _CONTENT},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": _CONTENT}, "required": ["file"]},
            },
        },
    }
}


@router.post(
    "/import",
    summary="Import conversations",
    response_model=ImportReceipt,
    responses={**ERRORS, 413: {**ERRORS[413], "description": "The file is larger than 1 GiB."}},
    openapi_extra=_FILE,
)
async def import_conversations(request: Request, desk: CurrentImportDesk, owner: CurrentOwner) -> Receipt:
    """Read an export of ChatGPT, Claude, Open WebUI, llm, chatapp and others, as body or in a form.

    What is here already is not added again; what has grown elsewhere grows here. Who hangs up ends the import, and
    what is in stays.
    """
    with desk.admitted():
        async with received_file(request) as path:
            return await desk.read(path, owner=owner, has_left=request.is_disconnected)
