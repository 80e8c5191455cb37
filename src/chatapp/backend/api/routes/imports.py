"""Conversations from elsewhere."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS, CurrentImports, CurrentOwner
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
    summary="Bring conversations along",
    response_model=ImportReceipt,
    responses={**ERRORS, 413: {**ERRORS[413], "description": "The file is larger than 1 GiB."}},
    openapi_extra=_FILE,
)
async def bring_along(request: Request, imports: CurrentImports, owner: CurrentOwner) -> Receipt:
    """Read an export of ChatGPT, Claude, Open WebUI, llm or chatapp, as body or in a form; twice adds nothing twice."""
    async with received_file(request) as path:
        return await asyncio.to_thread(imports.read, path, owner=owner)
