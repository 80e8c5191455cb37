"""Files of projects: added, listed and removed."""

from typing import Any

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, CurrentProjectDesk, CurrentStore, FileName, Id
from chatapp.backend.http.uploads import FILE_IN_BODY, received_file
from chatapp.backend.store import ProjectFile
from chatapp.protocol.schemas.projects import ProjectFileList, ProjectFileOut

router = APIRouter(prefix="/projects/{project_id}/files", tags=["projects"], responses=ERRORS)


@router.post("", summary="Add a file to a project", status_code=201, response_model=ProjectFileOut,
             openapi_extra=FILE_IN_BODY)  # fmt: skip
async def add(
    *, request: Request, project_id: Id, desk: CurrentProjectDesk, owner: CurrentOwner, name: FileName = None
) -> ProjectFile:
    """Take a file in, as body or in a form. It goes along with each conversation of the project.

    The text of all files goes along while it fits the model's window, else the parts of it that fit the question;
    pictures and sound while they fit, to models that take them.
    """
    async with received_file(request, most_bytes=request.app.state.settings.max_attachment_bytes) as file:
        return await desk.take(file.path, name=name or file.name or "file", project_id=project_id, owner=owner)


@router.get("", summary="List the files of a project", response_model=ProjectFileList)
def list_files(project_id: Id, store: CurrentStore, owner: CurrentOwner) -> dict[str, Any]:
    """Return its files by their names."""
    items = store.project_files.all(project_id, owner=owner)
    return {"items": items, "size": sum(item.size for item in items), "tokens": sum(item.tokens for item in items)}


@router.delete("/{attachment_id}", summary="Remove a file from a project", status_code=204)
def remove(project_id: Id, attachment_id: Id, store: CurrentStore, owner: CurrentOwner) -> None:
    """It goes along no more; what no conversation and no other project holds is gone after an hour."""
    store.project_files.remove(project_id, attachment_id, owner=owner)
