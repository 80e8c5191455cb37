"""The projects that a backend stores."""

from pathlib import Path
from typing import Any, BinaryIO

from chatapp.client.bounded import bounded
from chatapp.client.http import HttpSession, path_of
from chatapp.protocol.project_resources import ProjectFileInfo, ProjectInfo


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

    def add_file(self, project_id: str, file: Path | BinaryIO, *, name: str | None = None) -> ProjectFileInfo:
        """Send a file to go along with each conversation of a project; `name` unless a path's.

        Raises:
            ChatappError: the backend cannot be asked, or there is no text in the file.
        """
        if isinstance(file, Path):
            with file.open("rb") as content:
                return self.add_file(project_id, content, name=name or file.name)
        path, params = path_of("projects", project_id, "files"), {"name": name or "file"}
        return self._http.read(ProjectFileInfo, "POST", path, content=bounded(file), params=params)

    def files(self, project_id: str) -> tuple[ProjectFileInfo, ...]:
        """Return the files of a project by their names."""
        return self._http.read_page(ProjectFileInfo, path_of("projects", project_id, "files"), {}).items

    def remove_file(self, project_id: str, file_id: str) -> None:
        """Let a file go along no more."""
        self._http.json("DELETE", path_of("projects", project_id, "files", file_id))
