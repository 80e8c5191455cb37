"""What an endpoint can ask for: the parts of the application, and who is asking."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import AfterValidator

from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.attachments.project_desk import ProjectDesk
from chatapp.backend.http.context import context_of
from chatapp.backend.http.errors import documented_errors
from chatapp.backend.store import Store
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.backend.turns.summariser import Summariser
from chatapp.errors import NotFoundError
from chatapp.protocol.schemas.error import ErrorResponse

ERRORS = documented_errors(
    ErrorResponse,
    {
        400: "The request cannot be read as HTTP, as where its address is too long.",
        401: "No API key, or an unknown one.",
        404: "No such conversation, project, message or turn.",
        408: "The body took too long to arrive.",
        409: "The conversation is still answering, or the Idempotency-Key was used with another body.",
        413: "The body is larger than MAX_BODY_BYTES.",
        415: "The body is not of the kind that is wanted.",
        422: "The request breaks a rule.",
        429: "Too many requests, here or at the model server.",
        500: "The model refused or failed.",
        503: "Overloaded, shutting down, or the store cannot be used.",
        504: "The model was silent for too long.",
    },
)


def possible(name: str) -> str:
    """Return a name that something may have.

    Raises:
        NotFoundError: nothing can.
    """
    if "\0" in name:  # PostgreSQL does not even look for it
        raise NotFoundError("There is nothing of that name.")
    return name


Id = Annotated[str, AfterValidator(possible)]
"""What a conversation, project, message or turn is called in an address."""

Branch = Annotated[Id | None, Query(description="A message: its branch; without it the one on show.")]
FileName = Annotated[str | None, Query(max_length=1000, description="What it is called, unless a form says so.")]


def part(name: str) -> Callable[[Request], Coroutine[Any, Any, Any]]:
    """Return what gives a part of the application by its name."""

    async def named(request: Request) -> Any:
        return getattr(request.app.state, name)

    return named


async def _owner(request: Request) -> str:
    return context_of(request.scope).principal.name


CurrentTurns = Annotated[TurnRegistry, Depends(part("turns"))]
CurrentStore = Annotated[Store, Depends(part("store"))]
CurrentAttachmentDesk = Annotated[AttachmentDesk, Depends(part("attachment_desk"))]
CurrentProjectDesk = Annotated[ProjectDesk, Depends(part("project_desk"))]
CurrentSummariser = Annotated[Summariser, Depends(part("summariser"))]
CurrentOwner = Annotated[str, Depends(_owner)]
