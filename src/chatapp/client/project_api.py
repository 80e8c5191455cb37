"""The projects that a backend stores."""

from typing import Any

from chatapp.client.http import HttpSession, path_of
from chatapp.protocol.resources import ProjectInfo


class ProjectApi:
    """What the HTTP API does with projects."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def all(self, *, state: str | None = None) -> tuple[ProjectInfo, ...]:
        """Return all projects, the one last talked in or changed first; `state` is active or deleted."""
        return self._http.read_page(ProjectInfo, "/projects", {"state": state}).items

    def get(self, project_id: str) -> ProjectInfo:
        """Return one project."""
        return self._http.read(ProjectInfo, "GET", path_of("projects", project_id))

    def begin(self, name: str, **values: Any) -> ProjectInfo:
        """Return a new project; `values` are instructions and model."""
        return self._http.read(ProjectInfo, "POST", "/projects", {"name": name, **values})

    def change(self, project_id: str, **changes: Any) -> ProjectInfo:
        """Return the project after `changes` of name, instructions or model."""
        return self._http.read(ProjectInfo, "PATCH", path_of("projects", project_id), changes)

    def delete(self, project_id: str, *, with_conversations: bool = False) -> None:
        """Delete the project; its conversations stay, in none, or are deleted with it. `restore` undoes it."""
        params = {"conversations": "delete" if with_conversations else "keep"}
        self._http.json("DELETE", path_of("projects", project_id), params=params)

    def restore(self, project_id: str) -> ProjectInfo:
        """Return the project that was deleted, as it was."""
        return self._http.read(ProjectInfo, "POST", path_of("projects", project_id, "restore"))
