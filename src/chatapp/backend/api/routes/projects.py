"""Projects: created, listed, changed, deleted and restored."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, CurrentStore, Id
from chatapp.backend.http.bodies import BoundedJsonRoute
from chatapp.backend.store import Project
from chatapp.protocol.schemas.projects import NewProject, ProjectFields, ProjectList, ProjectOut

router = APIRouter(prefix="/projects", route_class=BoundedJsonRoute, tags=["projects"], responses=ERRORS)


@router.post("", summary="Create a project", status_code=201, response_model=ProjectOut)
def begin(new: NewProject, store: CurrentStore, owner: CurrentOwner) -> Project:
    """Return a new project. Conversations come into it by `project_id`: of a question, or of their PATCH."""
    return store.projects.create(owner=owner, **new.model_dump())


@router.get("", summary="List projects", response_model=ProjectList)
def list_projects(
    store: CurrentStore,
    owner: CurrentOwner,
    state: Annotated[
        Literal["active", "deleted"], Query(description="Which ones: in the list, or deleted.")
    ] = "active",
) -> dict[str, Any]:
    """Return all projects of yours, the one last talked in or changed first."""
    return {"items": store.projects.all(owner=owner, state=state)}


@router.get("/{project_id}", summary="Get a project", response_model=ProjectOut)
def look(project_id: Id, store: CurrentStore, owner: CurrentOwner) -> Project:
    """Return the project; `GET /conversations?project=` lists what is in it."""
    return store.projects.get(project_id, owner=owner)


@router.patch("/{project_id}", summary="Change a project", response_model=ProjectOut)
def change(project_id: Id, changes: ProjectFields, store: CurrentStore, owner: CurrentOwner) -> Project:
    """Rename it, or set its instructions or its model: they hold from the next question on."""
    return store.projects.change(project_id, owner=owner, **changes.model_dump(exclude_unset=True))


@router.delete("/{project_id}", summary="Delete a project", status_code=204)
def delete(
    project_id: Id,
    store: CurrentStore,
    owner: CurrentOwner,
    conversations: Annotated[
        Literal["keep", "delete"],
        Query(description="What becomes of its conversations: they stay, in no project, or are deleted with it."),
    ] = "keep",
) -> None:
    """It can be restored for 30 days."""
    store.projects.delete(project_id, owner=owner, with_conversations=conversations == "delete")


@router.post("/{project_id}/restore", summary="Restore a deleted project", response_model=ProjectOut)
def restore(project_id: Id, store: CurrentStore, owner: CurrentOwner) -> Project:
    """Undo the deletion: its conversations are in it again, and those that were deleted with it are back."""
    return store.projects.restore(project_id, owner=owner)
