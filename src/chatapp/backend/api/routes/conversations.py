"""Conversations: created, listed, searched, changed, deleted and restored."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from chatapp.backend.api.dependencies import ERRORS, Branch, CurrentOwner, CurrentStore, Id
from chatapp.backend.http.bodies import BoundedJsonRoute
from chatapp.backend.store import Conversation, ConversationState, HitPlace, SearchHit
from chatapp.protocol.schemas.conversations import (
    ConversationChanges,
    ConversationOut,
    ConversationPage,
    HitPlaceOut,
    MessagePage,
    NewConversation,
    NewFork,
)

router = APIRouter(prefix="/conversations", route_class=BoundedJsonRoute, tags=["conversations"], responses=ERRORS)

Cursor = Annotated[str | None, Query(description="The `next` of the page before.", max_length=500)]
Limit = Annotated[int, Query(description="Most to give.", ge=1, le=200)]


@router.post("", summary="Create a conversation", status_code=201, response_model=ConversationOut)
def begin(new: NewConversation, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Return a new, empty conversation. A question with `store: true` begins one by itself."""
    return store.conversations.create(owner=owner, **_named(new))


@router.get("", summary="List or search conversations", response_model=ConversationPage)
def page(
    *,
    store: CurrentStore,
    owner: CurrentOwner,
    q: Annotated[
        str | None,
        Query(
            description="Words to look for, in active and archived ones; `state` does not count then.", max_length=500
        ),
    ] = None,
    state: Annotated[ConversationState, Query(description="Which ones: in the list, archived, or deleted.")] = "active",
    project: Annotated[Id | None, Query(description="Only those of this project, or of `none`.", max_length=64)] = None,
    shelf: Annotated[ConversationState | None, Query(include_in_schema=False)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Any:
    """Return a page of conversations, pinned ones first, then the one last talked in; what was found, latest first."""
    if q is not None:
        found = store.search.find(q, owner=owner, project=project, cursor=cursor, limit=limit)
        return {"items": [_found(one) for one in found.items], "next": found.next}
    return _as_dict(
        store.conversations.page(owner=owner, state=shelf or state, project=project, cursor=cursor, limit=limit)
    )


@router.get("/{conversation_id}", summary="Get a conversation", response_model=ConversationOut)
def look(conversation_id: Id, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Return the conversation without its messages."""
    return store.conversations.get(conversation_id, owner=owner)


@router.patch("/{conversation_id}", summary="Change a conversation", response_model=ConversationOut)
def change(conversation_id: Id, changes: ConversationChanges, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Rename, pin, archive, move into a project, set system prompt or model, or show another branch."""
    named = _named(changes)
    if "leaf_id" in named:
        below = store.messages.page(conversation_id, owner=owner, branch=changes.leaf_id, limit=1)
        named["leaf_id"] = below.items[-1].id
    return store.conversations.change(conversation_id, owner=owner, **named)


def _named(wanted: NewConversation) -> Any:
    """Return what is named in a request; of sampling nothing that is null."""
    named = wanted.model_dump(exclude_unset=True)
    if wanted.sampling is not None:
        named["sampling"] = wanted.sampling.model_dump(exclude_none=True) or None
    return named


@router.delete("/{conversation_id}", summary="Delete a conversation", status_code=204)
def delete(conversation_id: Id, store: CurrentStore, owner: CurrentOwner) -> None:
    """It can be restored for 30 days."""
    store.conversations.delete(conversation_id, owner=owner)


@router.post("/{conversation_id}/restore", summary="Restore a deleted conversation", response_model=ConversationOut)
def restore(conversation_id: Id, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Undo the deletion."""
    return store.conversations.restore(conversation_id, owner=owner)


@router.post("/{conversation_id}/fork", summary="Fork a conversation", status_code=201, response_model=ConversationOut)
def fork(conversation_id: Id, wanted: NewFork, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Return a new conversation that begins as this one does, up to a message."""
    return store.forks.fork(conversation_id, owner=owner, up_to=wanted.message_id)


@router.get("/{conversation_id}/messages", summary="List the messages of a conversation", response_model=MessagePage)
def messages(
    *,
    conversation_id: Id,
    store: CurrentStore,
    owner: CurrentOwner,
    branch: Branch = None,
    before: Annotated[Id | None, Query(description="The `next` of the page with later messages.")] = None,
    limit: Limit = 50,
) -> Any:
    """Return the last messages of a branch, oldest first."""
    return _as_dict(store.messages.page(conversation_id, owner=owner, branch=branch, before=before, limit=limit))


@router.get(
    "/{conversation_id}/messages/{message_id}/hits",
    summary="Step through what a search finds",
    response_model=HitPlaceOut,
)
def hits(
    *,
    conversation_id: Id,
    message_id: Id,
    store: CurrentStore,
    owner: CurrentOwner,
    q: Annotated[str, Query(description="The words that were looked for.", max_length=500)],
) -> HitPlace:
    """Return where a message is among those of all branches that have the words, and those beside it."""
    return store.search.place(conversation_id, message_id, q, owner=owner)


def _found(found: SearchHit) -> dict[str, Any]:
    return {**asdict(found.conversation), "snippet": found.snippet, "message_id": found.message_id}


def _as_dict(page: Any) -> dict[str, Any]:
    """Return a page of the store as FastAPI serializes it."""
    return {"items": page.items, "next": page.next}
