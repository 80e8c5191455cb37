"""Files that go along with questions."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from chatapp.backend.api.dependencies import ERRORS, CurrentAttachmentDesk, CurrentOwner, CurrentStore, FileName, Id
from chatapp.backend.attachments.choosing import chosen_part, shown_of
from chatapp.backend.attachments.media import MEDIA_TOKENS, image_part, media_type_of
from chatapp.backend.http.uploads import FILE_IN_BODY, received_file
from chatapp.backend.store import Attachment, Store
from chatapp.backend.turns.estimate import likely_tokens
from chatapp.protocol.messages import AttachmentPart
from chatapp.protocol.schemas.attachments import AttachmentList, AttachmentOut, AttachmentPreviewOut

router = APIRouter(tags=["attachments"])

PREVIEW_CHARS = 4000

_ANY_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_NEVER_DRAWN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


@router.post(
    "/attachments",
    summary="Attach a file",
    status_code=201,
    response_model=AttachmentOut,
    responses={**ERRORS, 413: {**ERRORS[413], "description": "The file is larger than MAX_ATTACHMENT_BYTES."}},
    openapi_extra=FILE_IN_BODY,
)
async def attach(
    request: Request, desk: CurrentAttachmentDesk, owner: CurrentOwner, name: FileName = None
) -> Attachment:
    """Take a file in, as body or in a form, and return what a model gets of it. Its id goes into `attachments`.

    Text, PDF, documents of office programs, e-mail, web pages, books and notebooks are read; pictures are made as small
    as models take them. A file that no stored conversation holds is gone after an hour.
    """
    most_bytes = request.app.state.settings.max_attachment_bytes
    async with received_file(request, most_bytes=most_bytes) as file:
        return await desk.take(file.path, name=name or file.name or "file", owner=owner)


@router.get("/attachments", summary="List attachments", response_model=AttachmentList, responses=ERRORS)
def list_attachments(store: CurrentStore, owner: CurrentOwner) -> dict[str, Any]:
    """Return all files of yours that are kept."""
    items = store.attachments.of_owner(owner)
    return {"items": items, "size": sum(item.size for item in items)}


@router.get("/attachments/{attachment_id}", summary="Read about an attachment", response_model=AttachmentOut,
            responses=ERRORS)  # fmt: skip
def get_attachment(attachment_id: Id, store: CurrentStore, owner: CurrentOwner) -> Attachment:
    """Return what is known of a file."""
    return store.attachments.get(attachment_id, owner=owner)


@router.get("/attachments/{attachment_id}/preview", summary="Look at what a model gets of an attachment",
            response_model=AttachmentPreviewOut, responses=ERRORS)  # fmt: skip
async def preview(
    attachment_id: Id,
    store: CurrentStore,
    desk: CurrentAttachmentDesk,
    owner: CurrentOwner,
    pages: Annotated[str | None, Query(max_length=100, description="Only these, as `2-5,8`.")] = None,
) -> dict[str, Any]:
    """Return the beginning of the text, or the picture, that goes along with a question."""
    attachment = await asyncio.to_thread(store.attachments.get, attachment_id, owner=owner)
    part = chosen_part(attachment, pages)
    await desk.draw(part, owner)
    return await asyncio.to_thread(_previewed, store, attachment, part, owner)


def _previewed(store: Store, attachment: Attachment, part: AttachmentPart, owner: str) -> dict[str, Any]:
    shown = shown_of(store.attachments, [part], owner=owner)[attachment.id].of(part.pages)
    pictures = [shown.picture] if shown.picture is not None else [page for _, page in shown.pages]
    tokens = likely_tokens(shown.text) if shown.text else 0
    tokens += MEDIA_TOKENS * (len(pictures) or int(attachment.kind == "audio"))
    picture = image_part(pictures[0])["image_url"]["url"] if pictures else None
    return {"tokens": tokens, "text": shown.text[:PREVIEW_CHARS], "picture": picture}


@router.get(
    "/attachments/{attachment_id}/thumbnail",
    summary="Look at a picture in small",
    response_class=Response,
    responses={**ERRORS, 200: {"description": "A JPEG or a PNG.", "content": {"image/jpeg": {}, "image/png": {}}}},
)
def thumbnail(attachment_id: Id, store: CurrentStore, owner: CurrentOwner) -> Response:
    """Return a small copy of a picture: upright, 320 pixels long at most, without places."""
    small = store.attachments.thumbnail(attachment_id, owner=owner)
    return Response(small, media_type=media_type_of(small), headers=_NEVER_DRAWN)


@router.get(
    "/attachments/{attachment_id}/content",
    summary="Download an attachment",
    response_class=StreamingResponse,
    responses={**ERRORS, 200: {"description": "The file.", "content": _ANY_FILE}},
)
def download(attachment_id: Id, store: CurrentStore, owner: CurrentOwner) -> StreamingResponse:
    """Return the file as it was sent. Browsers save it and never draw it."""
    attachment = store.attachments.get(attachment_id, owner=owner)
    named = f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"
    headers = {**_NEVER_DRAWN, "Content-Disposition": named, "Content-Length": str(attachment.size)}
    pieces = store.attachments.pieces(attachment_id)
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)
