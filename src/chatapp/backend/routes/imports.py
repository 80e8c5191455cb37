"""Conversations from elsewhere."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from chatapp.backend.routes.context import ERRORS, CurrentOwner, CurrentStore
from chatapp.backend.store import Receipt
from chatapp.backend.uploads import received_file
from chatapp.schemas.conversations import ImportReceipt

router = APIRouter(tags=["conversations"])

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/import",
    summary="Bring conversations along",
    response_model=ImportReceipt,
    responses={**ERRORS, 413: {**ERRORS[413], "description": "The file is larger than 1 GiB."}},
    openapi_extra=_FILE,
)
async def bring_along(request: Request, store: CurrentStore, owner: CurrentOwner) -> Receipt:
    """Read an export of ChatGPT, Claude, Open WebUI, llm or chatapp, sent as the body; twice adds nothing twice."""
    async with received_file(request) as path:
        return await asyncio.to_thread(store.imports.read, path, owner=owner)
