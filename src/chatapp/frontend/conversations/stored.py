"""A conversation that the backend keeps: every session, the command line and the next start find it again."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chatapp.errors import BackendError, ChatappError
from chatapp.frontend.conversations.answer_streams import RequestContext, cancel, kept, regenerate, resumed
from chatapp.frontend.conversations.conversation import PAGE_OF_MESSAGES, ChatOptions, Conversation, Unfinished
from chatapp.frontend.conversations.entries import DisplayMessage, answer_entry, question_entry, stored_entry
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.protocol.events import Event

_ROOT = "root"


class StoredConversation(Conversation):
    """The branch on show of a conversation, the last part of it loaded. Its `id` is None until its first question."""

    is_temporary = False

    def __init__(self, conversation_id: str | None = None) -> None:
        super().__init__()
        self.id = conversation_id
        self._seen: Any = None
        self._leaf_id: str | None = None
        self._pending: DisplayMessage | None = None
        self._before: str | None = None
        self._options: dict[str, Any] = {}
        self._key = ""
        self._failed: LiveAnswer | None = None

    @property
    def has_unloaded(self) -> bool:
        """Whether there are messages that only the backend has."""
        return self._before is not None

    def show_earlier(self, asking: RequestContext) -> None:
        """Show a page of messages more, and fetch it if need be."""
        if self.shown >= len(self.entries) and self.id and self._before:
            page = asking.client.conversations.messages(self.id, before=self._before, limit=PAGE_OF_MESSAGES)
            self.entries = [*_entries(page["items"], asking), *self.entries]
            self._before = page["next"]
        super().show_earlier(asking)

    def adopt(self, chat_options: ChatOptions, asking: RequestContext) -> None:
        """Have what is asked from now on answered in this chat_options, here and wherever the conversation goes on.

        Raises:
            ChatappError: the backend cannot do it.
        """
        if conversation_id := self.id or (self.live.conversation_id if self.live else None):
            asking.client.conversations.change(conversation_id, **chat_options._asdict())
        super().adopt(chat_options, asking)

    def refresh(self, asking: RequestContext) -> bool:
        """Take over what changed elsewhere, and return whether anything did.

        Raises:
            NotFoundError: there is no such conversation for this visitor.
            ChatappError: the backend cannot tell.
        """
        if self.id is None or self.live is not None:
            return False
        found = asking.client.conversations.get(self.id)
        self.chat_options = ChatOptions(found["model"], found["system"])
        seen = (found["title"], found["leaf_id"], found["updated_at"], found["active_turn_id"])
        if seen == self._seen:
            return False
        self._load(asking, is_unchanged=found["leaf_id"] == self._leaf_id)
        self._seen, self.title, self._leaf_id = seen, found["title"], found["leaf_id"]
        return True

    def ask_again(self, asking: RequestContext) -> None:
        """Get the answer that a broken connection has hidden, or else another one to the last question."""
        if self.live is not None or not self.entries:
            return
        failed, last = self._failed, self.entries[-1]
        if failed is not None and failed.turn_id:
            self._start(failed.prompt, resumed(asking, str(self.id), failed.turn_id), asking)
        elif failed is not None or not last.is_stored:
            self._start(self._question(), self._kept(asking), asking)
        else:
            self.regenerate(last, asking)

    def regenerate(self, entry: DisplayMessage, asking: RequestContext) -> None:
        """Get another answer beside `entry`, or to the question `entry`."""
        if self.live is not None or self.id is None or entry not in self.entries:
            return
        place = self.entries.index(entry)
        self.entries = self.entries[: place if entry.is_answer else place + 1]
        self._start(self._question(), regenerate(asking, self.id, entry.id), asking)

    def edit(self, entry: DisplayMessage, prompt: str, asking: RequestContext) -> None:
        """Ask `prompt` beside the question `entry`, in a branch of its own."""
        if self.live is not None or entry not in self.entries:
            return
        self.entries = [*self.entries[: self.entries.index(entry)], question_entry(prompt, asking.zone)]
        self._begin(prompt, asking, parent_id=entry.parent_id or _ROOT)

    def show_branch(self, message_id: str, asking: RequestContext) -> None:
        """Show the branch that goes through `message_id`.

        Raises:
            ChatappError: the backend cannot do it.
        """
        if self.live is None and self.id is not None:
            asking.client.conversations.change(self.id, leaf_id=message_id)
            self.entries, self.unfinished = [], None
            self.refresh(asking)

    def leave(self) -> None:
        """Stop listening; the backend makes the answer to its end."""
        if self.live is not None:
            self.live.leave()

    def _begin(self, prompt: str, asking: RequestContext, *, parent_id: str | None = None) -> None:
        self._options = {"parent_id": parent_id} if parent_id else {}
        self._key = uuid.uuid4().hex
        self._pending = self.entries[-1]
        self._start(prompt, self._kept(asking), asking)

    def _kept(self, asking: RequestContext) -> Iterator[Event]:
        begin_with = self.chat_options._asdict()
        return kept(asking, self._question(), self.id, begin_with=begin_with, key=self._key, **self._options)

    def _question(self) -> str:
        """Return the words of the last question."""
        return next((entry.content for entry in reversed(self.entries) if not entry.is_answer), "")

    def _start(self, prompt: str, events: Iterator[Event], asking: RequestContext, *, asked_s_ago: float = 0.0) -> None:
        self.unfinished = self._failed = None
        stop = partial(cancel, asking.client)
        self._listen_to(LiveAnswer.start(prompt, events, cancel=stop, asked_s_ago=asked_s_ago))

    def _take_over(self, answer: LiveAnswer, asking: RequestContext) -> None:
        """Load the branch as the backend keeps it now; where it cannot tell, keep what is on screen."""
        self.id = answer.conversation_id or self.id
        self._failed = answer if isinstance(answer.error, BackendError) else None
        self._seen = None
        try:
            self.refresh(asking)
        except ChatappError:
            self.entries += [answer_entry(answer, asking.zone)] if answer.text else []
        if answer.status != "complete" and self.live is None:
            self.unfinished = Unfinished(answer.error, bool(answer.text))

    def _load(self, asking: RequestContext, *, is_unchanged: bool) -> None:
        """Fetch the last page of the branch; what was loaded before it stays. Follow an answer that is being made."""
        page = asking.client.conversations.messages(str(self.id), limit=PAGE_OF_MESSAGES)
        items = page["items"]
        answering = items.pop() if items and items[-1]["status"] == "streaming" else None
        fresh = _entries(items, asking)
        earlier = self._loaded_before(fresh)
        self._before = self._before if earlier else page["next"]
        self.entries = [*earlier, *fresh]
        if self._pending is not None and is_unchanged:
            self.entries.append(self._pending)
            return
        self._pending, self.unfinished = None, _unfinished(self.entries)
        if answering is None:
            self._failed = None
        elif self._failed is None:
            self._follow(answering, asking)
        else:
            self._failed.turn_id = answering["turn_id"]

    def _loaded_before(self, fresh: list[DisplayMessage]) -> list[DisplayMessage]:
        """Return the loaded entries that lie before `fresh`, none if the branch is another one now."""
        ids = [entry.id for entry in self.entries]
        return self.entries[: ids.index(fresh[0].id)] if fresh and fresh[0].id in ids else []

    def _follow(self, item: dict[str, Any], asking: RequestContext) -> None:
        """Read along with the answer `item`, which was begun elsewhere or before this session."""
        ago_s = (datetime.now(UTC) - datetime.fromisoformat(item["created_at"])).total_seconds()
        self._start(
            self._question(), resumed(asking, str(self.id), item["turn_id"]), asking, asked_s_ago=max(0.0, ago_s)
        )


def _entries(items: list[dict[str, Any]], asking: RequestContext) -> list[DisplayMessage]:
    return [stored_entry(item, asking.zone) for item in items if item["role"] != "system"]


def _unfinished(entries: list[DisplayMessage]) -> Unfinished | None:
    """Return how the last answer ended, if it did not end well."""
    last = entries[-1] if entries else None
    if last is None or not last.is_answer or last.status == "complete":
        return None
    return Unfinished(last.error, bool(last.content))
