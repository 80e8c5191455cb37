"""Conversations as links that others can read without a key, for a time. Off unless SHARE_LINKS is set."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from chatapp.backend.access.api_keys import KeyRing
from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, CurrentStore, Id
from chatapp.backend.api.files import WrittenFile
from chatapp.backend.api.transfer_parts import CurrentExportDesk, CurrentExports
from chatapp.backend.http.bodies import BoundedJsonRoute
from chatapp.backend.store.records import Share
from chatapp.errors import ForbiddenError
from chatapp.protocol import shared_page
from chatapp.protocol.schemas.shares import NewShare, ShareLink, ShareList, ShareOut

_PAGE_HEADERS = {**shared_page.HEADERS, "Content-Encoding": "identity"}
"""As it is, or each piece would be compressed on the event loop."""


async def require_sharing(request: Request) -> None:
    """Let pass where links are switched on.

    Raises:
        ForbiddenError: they are not.
    """
    if not request.app.state.settings.share_links:
        raise ForbiddenError("Links to conversations are switched off.", hint="SHARE_LINKS=true switches them on.")


async def owners(request: Request) -> Callable[[str], bool]:
    """Return what tells whether somebody of a name may still ask here."""
    keys: KeyRing | None = request.app.state.keys
    if keys is None:
        return lambda _: True
    await keys.refresh()
    return keys.is_owner


router = APIRouter(
    route_class=BoundedJsonRoute,
    tags=["shares"],
    dependencies=[Depends(require_sharing)],
    responses={**ERRORS, 403: {**ERRORS[401], "description": "Links are switched off."}},
)


@router.post(
    "/conversations/{conversation_id}/shares", summary="Share a conversation", status_code=201, response_model=ShareLink
)
def share(conversation_id: Id, wanted: NewShare, store: CurrentStore, owner: CurrentOwner) -> dict[str, Any]:
    """Return a link to what is on show of the conversation, up to its last message of now. It is told this once."""
    made = store.shares.create(conversation_id, owner=owner, lifetime=timedelta(days=wanted.days))
    return {**_told(made.share), "path": f"{shared_page.PATH}{made.token}"}


@router.get("/shares", summary="List links", response_model=ShareList)
def list_shares(store: CurrentStore, owner: CurrentOwner) -> dict[str, Any]:
    """Return your links that lead somewhere, the newest first; not their addresses, of which only digests are kept."""
    return {"items": [_told(each) for each in store.shares.of_owner(owner)]}


@router.delete("/shares/{share_id}", summary="Take a link back", status_code=204)
def revoke(share_id: Id, store: CurrentStore, owner: CurrentOwner) -> None:
    """It leads nowhere from now on."""
    store.shares.revoke(share_id, owner=owner)


@router.get(
    f"{shared_page.PATH}{{token}}",
    summary="Read a shared conversation",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}, "description": "A page that loads nothing and runs nothing."}},
)
def read(
    token: Id,
    store: CurrentStore,
    exports: CurrentExports,
    desk: CurrentExportDesk,
    is_owner: Annotated[Callable[[str], bool], Depends(owners)],
) -> Response:
    """Return the page behind a link, as long as the key is good that made it. Who has the link wants none."""
    found = store.shares.find(token, is_owner=is_owner)
    return WrittenFile(exports.shared(found), desk, headers=_PAGE_HEADERS, whose=found.id, is_shared=True)


def _told(share: Share) -> dict[str, Any]:
    return ShareOut.model_validate(share, from_attributes=True).model_dump()
