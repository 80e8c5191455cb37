"""Conversations as files, one or all."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from chatapp.backend.api.dependencies import ERRORS, Branch, CurrentOwner, Id
from chatapp.backend.api.files import WrittenFile
from chatapp.backend.api.transfer_parts import CurrentExportDesk, CurrentExports
from chatapp.backend.http.bodies import BoundedJsonRoute
from chatapp.backend.transfer.exporters import ExportedFile
from chatapp.protocol.export_formats import OF_ALL, OF_ONE, ExportFormat

_INERT = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Content-Encoding": "identity",  # or each piece would be compressed on the event loop
}
"""A page made of what people and models write must not act in our name, whatever it holds."""

_MOST_CHOSEN = 1000
"""As many as an address has room for."""

router = APIRouter(route_class=BoundedJsonRoute, tags=["conversations"])


_JSON, _FILE = {"type": ["object", "array"]}, {"type": "string", "format": "binary"}


def _told_as(formats: Iterable[ExportFormat]) -> dict[int | str, dict[str, Any]]:
    kinds = {it.media_type.partition(";")[0]: {"schema": _JSON if it.ending == "json" else _FILE} for it in formats}
    return {**ERRORS, 200: {"description": "The file.", "content": kinds}}


def _format(formats: Iterable[ExportFormat]) -> Any:
    told = "; ".join(f"`{it.name}` holds {it.holds}" for it in formats)
    names = "|".join(it.name for it in formats)
    return Query(alias="format", description=f"{told[:1]}{told[1:]}.", pattern=f"^({names})$")


@router.get("/export", summary="Export all conversations", response_class=Response, responses=_told_as(OF_ALL))
async def export_all(
    *,
    desk: CurrentExportDesk,
    owner: CurrentOwner,
    as_format: Annotated[str, _format(OF_ALL)] = "zip",
    ids: Annotated[tuple[Id, ...], Query(description="Conversations: only these.", max_length=_MOST_CHOSEN)] = (),
) -> Response:
    """Return all conversations that are not deleted, or the chosen ones, as one file, sent while it is written."""
    file = desk.open(owner=owner, as_format=as_format, ids=ids)
    return WrittenFile(file, desk, headers=_headers(file), whose=owner)


@router.get(
    "/conversations/{conversation_id}/export",
    summary="Export a conversation",
    response_class=Response,
    responses=_told_as(OF_ONE),
)
def export(
    *,
    conversation_id: Id,
    exports: CurrentExports,
    owner: CurrentOwner,
    as_format: Annotated[str, _format(OF_ONE)] = "json",
    branch: Branch = None,
) -> Response:
    """Return the conversation as a file: JSON to be imported again, Markdown, a page, or as ChatGPT exports it."""
    file = exports.file(conversation_id, owner=owner, as_format=as_format, branch=branch)
    return Response(file.read(), media_type=file.media_type, headers=_headers(file))


def _headers(file: ExportedFile) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file.name}"', **_INERT}
