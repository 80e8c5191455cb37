"""The conversations that a backend stores."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from chatapp.client.http import HttpSession, body_of, path_of
from chatapp.client.stream import AnswerStream
from chatapp.protocol.resources import (
    ConversationInfo,
    ImportInfo,
    MessageInfo,
    ResultPage,
    RunningImportInfo,
)
from chatapp.protocol.usage_resources import UsageRow


class ConversationApi:
    """What the HTTP API does with conversations and their messages."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def page(
        self,
        *,
        query: str | None = None,
        state: str | None = None,
        project: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[ConversationInfo]:
        """Return conversations, pinned ones first, then the one last talked in; `next` is the `cursor` of more.

        With `query` only those that hold the words, each with a `snippet`; `state` is active, archived or deleted,
        `project` the id of one, or "none".
        """
        params = {"q": query, "state": state, "project": project, "cursor": cursor, "limit": limit}
        return self._http.read_page(ConversationInfo, "/conversations", params)

    def get(self, conversation_id: str) -> ConversationInfo:
        """Return one conversation without its messages."""
        return self._http.read(ConversationInfo, "GET", path_of("conversations", conversation_id))

    def messages(
        self, conversation_id: str, *, branch: str | None = None, before: str | None = None, limit: int = 50
    ) -> ResultPage[MessageInfo]:
        """Return the last messages of a branch, oldest first; `next` is the `before` of earlier ones."""
        params = {"branch": branch, "before": before, "limit": limit}
        return self._http.read_page(MessageInfo, path_of("conversations", conversation_id, "messages"), params)

    def begin(self, **values: Any) -> ConversationInfo:
        """Return a new, empty conversation; `values` are title, system, model, sampling and project_id."""
        return self._http.read(ConversationInfo, "POST", "/conversations", values)

    def change(self, conversation_id: str, **changes: Any) -> ConversationInfo:
        """Return the conversation after `changes` of title, pinned, archived, system, model, sampling, leaf_id or
        project_id.
        """
        return self._http.read(ConversationInfo, "PATCH", path_of("conversations", conversation_id), changes)

    def delete(self, conversation_id: str) -> None:
        """Delete the conversation; for 30 days `restore` brings it back."""
        self._http.json("DELETE", path_of("conversations", conversation_id))

    def restore(self, conversation_id: str) -> ConversationInfo:
        """Return the conversation that was deleted, as it was."""
        return self._http.read(ConversationInfo, "POST", path_of("conversations", conversation_id, "restore"))

    def regenerate(self, conversation_id: str, **options: Any) -> AnswerStream:
        """Start another answer to a question and return its events; `options` are message_id, model, temperature."""
        path = path_of("conversations", conversation_id, "regenerate")
        return self._http.events(self._http.send("POST", path, options, stream=True))

    def usage(self, conversation_id: str) -> UsageRow:
        """Return what all answers of the conversation have taken."""
        return self._http.read(UsageRow, "GET", path_of("conversations", conversation_id, "usage"))

    def export(self, conversation_id: str, export_format: str) -> bytes:
        """Return the whole conversation as a file; `export_format` is json, md or html."""
        path = path_of("conversations", conversation_id, "export")
        response = self._http.send("GET", path, params={"format": export_format})
        if not response.ok:
            self._http.checked(response, body_of(response))
        return response.content

    def export_all(self, export_format: str = "zip", *, ids: Sequence[str] = ()) -> Iterator[bytes]:
        """Return all conversations, or those of `ids`, as one file, piece by piece; `export_format` is zip, md or html.

        Raises:
            ChatappError: the backend refused, or the connection ended before the file did; by each piece too.
        """
        response = self._http.send("GET", "/export", params={"format": export_format, "ids": [*ids]}, stream=True)
        if not response.ok:
            self._http.checked(response, body_of(response))
        return self._http.content(response)

    def import_file(self, file: Path | BinaryIO) -> ImportInfo:
        """Import the conversations of another program's export and return what was read, added and skipped."""
        if isinstance(file, Path):
            with file.open("rb") as content:
                return self.import_file(content)
        return self._http.read(ImportInfo, "POST", "/import", content=file)

    def imports(self) -> tuple[RunningImportInfo, ...]:
        """Return the imports that are going on, oldest first."""
        return self._http.read_page(RunningImportInfo, "/imports", {}).items

    def cancel_import(self, import_id: str) -> None:
        """End an import; what is in stays."""
        self._http.json("DELETE", path_of("imports", import_id))
