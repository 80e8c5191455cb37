"""Conversations: begun, listed, searched, changed, thrown away and taken back."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from chatapp.backend.routes.context import ERRORS, BoundedJsonRoute, CurrentOwner, CurrentStore
from chatapp.backend.store import Conversation, Shelf
from chatapp.schemas import ConversationChanges, ConversationOut, ConversationPage, MessagePage, NewConversation

router = APIRouter(prefix="/conversations", route_class=BoundedJsonRoute, tags=["conversations"], responses=ERRORS)

Cursor = Annotated[str | None, Query(description="The `next` of the page before.", max_length=500)]
Limit = Annotated[int, Query(description="Most to give.", ge=1, le=200)]


@router.post("", summary="Begin a conversation", status_code=201, response_model=ConversationOut)
def begin(new: NewConversation, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Give a new, empty conversation. A question with `store: true` begins one by itself."""
    return store.conversations.create(owner=owner, title=new.title, system=new.system, model=new.model)


@router.get("", summary="List conversations", response_model=ConversationPage)
def page(
    store: CurrentStore, owner: CurrentOwner, shelf: Shelf = "active", cursor: Cursor = None, limit: Limit = 50
) -> Any:
    """Give a page of conversations, pinned ones first, then the one last talked in."""
    return _as_dict(store.conversations.page(owner=owner, shelf=shelf, cursor=cursor, limit=limit))


@router.get("/{conversation_id}", summary="Look at a conversation", response_model=ConversationOut)
def look(conversation_id: str, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Give the conversation without its messages."""
    return store.conversations.get(conversation_id, owner=owner)


@router.patch("/{conversation_id}", summary="Change a conversation", response_model=ConversationOut)
def change(
    conversation_id: str, changes: ConversationChanges, store: CurrentStore, owner: CurrentOwner
) -> Conversation:
    """Rename, pin, archive, set system prompt or model, or show another branch."""
    named: Any = changes.model_dump(exclude_unset=True)
    return store.conversations.change(conversation_id, owner=owner, **named)


@router.delete("/{conversation_id}", summary="Throw a conversation away", status_code=204)
def delete(conversation_id: str, store: CurrentStore, owner: CurrentOwner) -> None:
    """It can be restored for 30 days."""
    store.conversations.delete(conversation_id, owner=owner)


@router.post("/{conversation_id}/restore", summary="Take a conversation back", response_model=ConversationOut)
def restore(conversation_id: str, store: CurrentStore, owner: CurrentOwner) -> Conversation:
    """Undo throwing it away."""
    return store.conversations.restore(conversation_id, owner=owner)


@router.get("/{conversation_id}/messages", summary="Read a conversation", response_model=MessagePage)
def messages(
    *,
    conversation_id: str,
    store: CurrentStore,
    owner: CurrentOwner,
    branch: Annotated[str | None, Query(description="A message: its branch; without it the one on show.")] = None,
    before: Annotated[str | None, Query(description="The `next` of the page with later messages.")] = None,
    limit: Limit = 50,
) -> Any:
    """Give the last messages of a branch, oldest first."""
    return _as_dict(store.messages.page(conversation_id, owner=owner, branch=branch, before=before, limit=limit))


def _as_dict(page: Any) -> dict[str, Any]:
    """Give a page of the store as FastAPI serializes it."""
    return {"items": page.items, "next": page.next}
