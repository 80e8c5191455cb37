"""The conversations that a backend stores."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from chatapp.client.bounded import bounded
from chatapp.client.http import HttpSession, path_of
from chatapp.client.stream import AnswerStream
from chatapp.errors import NotFoundError
from chatapp.protocol.import_resources import ImportInfo, RunningImportInfo
from chatapp.protocol.resources import ConversationInfo, HitPlaceInfo, MessageInfo, ResultPage, SummaryInfo
from chatapp.protocol.share_resources import ShareInfo
from chatapp.protocol.usage_resources import UsageRow

_SUMMARISING_S = 600.0
"""Much is read for a summary, and nothing comes before it is whole."""

_MOST_AT_ONCE = 200
"""As many conversations, or messages, as a page may have."""

_IMPORTING_S = 2 * 60 * 60.0
"""The backend ends an import by itself before, and answers then."""

_MOST_IMPORTED_BYTES = 1024**3
"""As much as the backend takes at a time."""


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

    def first(self, wanted: int, **which: str | None) -> tuple[list[ConversationInfo], bool]:
        """Return the first `wanted` conversations of a list, `which` as of a page, and whether there are more."""
        items: list[ConversationInfo] = []
        cursor = None
        while len(items) < wanted:
            page = self.page(cursor=cursor, limit=min(wanted - len(items), _MOST_AT_ONCE), **which)
            items += page.items
            cursor = page.next
            if cursor is None:
                break
        return items, cursor is not None

    def each(self, *, state: str | None = None, at_once: int = _MOST_AT_ONCE) -> Iterator[ConversationInfo]:
        """Return all conversations in the order of their list, a page of `at_once` at a time as they are taken."""
        cursor = None
        while True:
            page = self.page(state=state, cursor=cursor, limit=at_once)
            yield from page.items
            cursor = page.next
            if cursor is None:
                return

    def get(self, conversation_id: str) -> ConversationInfo:
        """Return one conversation without its messages."""
        return self._http.read(ConversationInfo, "GET", path_of("conversations", conversation_id))

    def messages(
        self, conversation_id: str, *, branch: str | None = None, before: str | None = None, limit: int = 50
    ) -> ResultPage[MessageInfo]:
        """Return the last messages of a branch, oldest first; `next` is the `before` of earlier ones."""
        params = {"branch": branch, "before": before, "limit": limit}
        return self._http.read_page(MessageInfo, path_of("conversations", conversation_id, "messages"), params)

    def place_of_hit(self, conversation_id: str, message_id: str, words: str) -> HitPlaceInfo:
        """Return where a message is among those of all branches that have `words`."""
        path = path_of("conversations", conversation_id, "messages", message_id, "hits")
        return self._http.read(HitPlaceInfo, "GET", path, params={"q": words})

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

    def fork(self, conversation_id: str, message_id: str) -> ConversationInfo:
        """Return a new conversation that begins as this one does, up to a message."""
        path = path_of("conversations", conversation_id, "fork")
        return self._http.read(ConversationInfo, "POST", path, {"message_id": message_id})

    def regenerate(self, conversation_id: str, **options: Any) -> AnswerStream:
        """Start another answer to a question and return its events.

        `options` are message_id, model, temperature, max_tokens, json_schema and beside.
        """
        path = path_of("conversations", conversation_id, "regenerate")
        return self._http.events("POST", path, options)

    def summarise(self, conversation_id: str, **options: Any) -> SummaryInfo:
        """Have the earlier messages summarised, and return the summary; `options` are message_id, model and text."""
        path = path_of("conversations", conversation_id, "summaries")
        return self._http.read(SummaryInfo, "POST", path, options, timeout_s=_SUMMARISING_S)

    def change_summary(self, conversation_id: str, message_id: str, text: str) -> SummaryInfo:
        """Return the summary beside a message with other words."""
        path = path_of("conversations", conversation_id, "summaries", message_id)
        return self._http.read(SummaryInfo, "PATCH", path, {"text": text})

    def remove_summary(self, conversation_id: str, message_id: str) -> None:
        """Have the messages go along again that the summary beside a message stands for."""
        self._http.json("DELETE", path_of("conversations", conversation_id, "summaries", message_id))

    def back(self, conversation_id: str, *, branch: str | None = None) -> Iterator[MessageInfo]:
        """Return all messages of a branch, the last one first, page by page as they are taken."""
        before: str | None = None
        while True:
            page = self.messages(conversation_id, branch=branch, before=before, limit=_MOST_AT_ONCE)
            yield from reversed(page.items)
            before = page.next
            if before is None:
                return

    def last_summary(self, conversation_id: str) -> MessageInfo:
        """Return the message of the branch on show that the last summary stands beside.

        Raises:
            NotFoundError: there is none.
        """
        if found := next((message for message in self.back(conversation_id) if message.summary), None):
            return found
        raise NotFoundError("There is no summary in this conversation.")

    def share(self, conversation_id: str, *, days: int) -> ShareInfo:
        """Return a new link to the conversation, whose `path` is told this once."""
        return self._http.read(ShareInfo, "POST", path_of("conversations", conversation_id, "shares"), {"days": days})

    def shares(self) -> tuple[ShareInfo, ...]:
        """Return your links that lead somewhere, the newest first, without their addresses."""
        return self._http.read_page(ShareInfo, "/shares", {}).items

    def revoke_share(self, share_id: str) -> None:
        """Take a link back."""
        self._http.json("DELETE", path_of("shares", share_id))

    def shared(self, token: str) -> Iterator[bytes]:
        """Return the page behind a link, piece by piece.

        Raises:
            ChatappError: the link leads nowhere, or the connection ended before the page did; by each piece too.
        """
        return self._http.pieces(path_of("shared", token))

    def usage(self, conversation_id: str) -> UsageRow:
        """Return what all answers of the conversation have taken."""
        return self._http.read(UsageRow, "GET", path_of("conversations", conversation_id, "usage"))

    def export(self, conversation_id: str, export_format: str) -> bytes:
        """Return the whole conversation as a file; `export_format` is json, md or html."""
        path = path_of("conversations", conversation_id, "export")
        return self._http.file(path, params={"format": export_format})

    def export_all(self, export_format: str = "zip", *, ids: Sequence[str] = ()) -> Iterator[bytes]:
        """Return all conversations, or those of `ids`, as one file, piece by piece; `export_format` is zip, md or html.

        Raises:
            ChatappError: the backend refused, or the connection ended before the file did; by each piece too.
        """
        return self._http.pieces("/export", params={"format": export_format, "ids": [*ids]})

    def import_file(self, file: Path | BinaryIO) -> ImportInfo:
        """Import the conversations of another program's export and return what was read, added and skipped."""
        if isinstance(file, Path):
            with file.open("rb") as content:
                return self.import_file(content)
        content = bounded(file, _MOST_IMPORTED_BYTES)
        return self._http.read(ImportInfo, "POST", "/import", content=content, timeout_s=_IMPORTING_S)

    def imports(self) -> tuple[RunningImportInfo, ...]:
        """Return the imports that are going on, oldest first."""
        return self._http.read_page(RunningImportInfo, "/imports", {}).items

    def cancel_import(self, import_id: str) -> None:
        """End an import; what is in stays."""
        self._http.json("DELETE", path_of("imports", import_id))
