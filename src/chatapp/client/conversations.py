"""The conversations that a backend keeps."""

from pathlib import Path
from typing import Any, BinaryIO, Literal

from chatapp.client.connection import Connection, body_of, path_of
from chatapp.client.stream import AnswerStream

ExportFormat = Literal["json", "md", "html"]


class Conversations:
    """Conversations and their messages, as the JSON objects that the HTTP API describes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self, *, query: str | None = None, shelf: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Return `items`, pinned ones first, then the one last talked in, and `next`, the cursor of the next page.

        With `query` only those that hold the words, each with a `snippet`.
        """
        params = {"q": query, "shelf": shelf, "cursor": cursor, "limit": limit}
        return self._connection.json("GET", "/conversations", params=params)

    def get(self, conversation_id: str) -> dict[str, Any]:
        """Return one conversation without its messages."""
        return self._connection.json("GET", path_of("conversations", conversation_id))

    def messages(
        self, conversation_id: str, *, branch: str | None = None, before: str | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Return `items`, the last messages of a branch, oldest first, and `next`, the `before` of earlier ones."""
        params = {"branch": branch, "before": before, "limit": limit}
        return self._connection.json("GET", path_of("conversations", conversation_id, "messages"), params=params)

    def begin(self, **values: Any) -> dict[str, Any]:
        """Return a new, empty conversation; `values` are title, system and model."""
        return self._connection.json("POST", "/conversations", values)

    def change(self, conversation_id: str, **changes: Any) -> dict[str, Any]:
        """Return the conversation after `changes` of title, pinned, archived, system, model or leaf_id."""
        return self._connection.json("PATCH", path_of("conversations", conversation_id), changes)

    def delete(self, conversation_id: str) -> None:
        """Throw the conversation away; `restore` takes it back for 30 days."""
        self._connection.json("DELETE", path_of("conversations", conversation_id))

    def restore(self, conversation_id: str) -> dict[str, Any]:
        """Return the conversation back that was thrown away."""
        return self._connection.json("POST", path_of("conversations", conversation_id, "restore"))

    def regenerate(self, conversation_id: str, **options: Any) -> AnswerStream:
        """Start another answer to a question and give its events; `options` are message_id, model, temperature."""
        response = self._connection.send(
            "POST", path_of("conversations", conversation_id, "regenerate"), options, stream=True
        )
        return self._connection.events(response)

    def export(self, conversation_id: str, export_format: ExportFormat) -> bytes:
        """Return the whole conversation as a file."""
        response = self._connection.send(
            "GET", path_of("conversations", conversation_id, "export"), params={"format": export_format}
        )
        if not response.ok:
            self._connection.checked(response, body_of(response))
        return response.content

    def import_file(self, file: Path | BinaryIO) -> dict[str, Any]:
        """Take in the conversations of another program's export; give the receipt: what was read, what skipped."""
        if isinstance(file, Path):
            with file.open("rb") as content:
                return self.import_file(content)
        return self._connection.json("POST", "/import", content=file)
