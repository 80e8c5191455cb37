"""A conversation that the backend stores: every session, the command line and the next start find it again."""

import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from chatapp.client.answer_events import Events
from chatapp.client.chat import ROOT, ChatOptions
from chatapp.errors import BackendError, ChatappError
from chatapp.frontend.conversations.asked import asked
from chatapp.frontend.conversations.beside import answers_of, made_together
from chatapp.frontend.conversations.entries import DisplayMessage, answer_entry, question_entry, stored_entries
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.open_conversation import (
    EARLIER_MESSAGES,
    PAGE_OF_MESSAGES,
    Landing,
    Unfinished,
)
from chatapp.frontend.conversations.session_context import SessionContext, cancel
from chatapp.frontend.conversations.summarised import SummarisedConversation
from chatapp.protocol.resources import ConversationInfo, MessageInfo


class _Question(NamedTuple):
    """A question that the backend is not known to have stored. With the same `key` it is asked once, however often."""

    entry: DisplayMessage
    key: str
    parent_id: str | None


class StoredConversation(SummarisedConversation):
    """The branch on show of a conversation, the last part of it loaded. Its `id` is None until its first question.

    Where it stands, by what is set:

    | state   | live   | _pending | _failed | unfinished       | leaves it by                                   |
    |---------|--------|----------|---------|------------------|------------------------------------------------|
    | idle    |        |          |         | how it ended, if | a question, another answer, or an answer that  |
    |         |        |          |         | not well         | is found being made (`refresh`): answering     |
    | answers | answer | question |         |                  | the answer's end (`finish`): idle, and where   |
    |         |        | or none  |         |                  | the question was not stored: refused           |
    |         |        |          |         |                  | and where the connection failed: cut           |
    | refused |        | question |         | the error        | `ask_again`: the same question, the same key   |
    | cut     |        | question | answer  | the error        | `ask_again`: the rest of that answer, if its   |
    |         |        | or none  |         |                  | turn is known, else as if refused; `refresh`   |

    `_pending` is none while answering where the question was stored before: regenerated, resumed or begun elsewhere.
    Beside these `_known` is what the backend last told of the conversation, outdated after an answer (`_is_stale`),
    and `_before` the place before which more messages can be fetched.
    """

    is_temporary = False

    def __init__(self, conversation_id: str | None = None, *, project_id: str | None = None) -> None:
        super().__init__()
        self.id, self.project_id = conversation_id, project_id
        self._known: ConversationInfo | None = None
        self._is_stale = True
        self._before: str | None = None
        self._pending: _Question | None = None
        self._failed: LiveAnswer | None = None
        self._has_landed = True

    @property
    def has_unloaded(self) -> bool:
        """Whether there are messages that only the backend has."""
        return self._before is not None

    @property
    def unasked(self) -> str:
        """The question that is not known to have reached the backend, empty if there is none."""
        if self.live is not None:
            return self.queued or ""
        return self._pending.entry.content if self._pending else ""

    def load_earlier(self, context: SessionContext) -> None:
        """Load messages before the first one.

        Raises:
            ChatappError: the backend cannot tell.
        """
        if self.id and self._before:
            page = context.client.conversations.messages(self.id, before=self._before, limit=EARLIER_MESSAGES)
            self.entries = [*_entries(page.items, context), *self.entries]
            self._before = page.next

    def land_on(self, message_id: str, *, words: str) -> None:
        """Show the branch and the place of a message as soon as they are loaded, with `words` marked."""
        self.landing, self.last_hits = Landing(message_id, words, uuid.uuid4().hex), set()
        self._has_landed, self._is_stale = False, True

    def apply(self, chat_options: ChatOptions, context: SessionContext) -> None:
        """Have questions answered in this way from now on, here and wherever the conversation goes on.

        Raises:
            ChatappError: the backend cannot do it.
        """
        if conversation_id := self.known_id:
            changes: dict[str, Any] = {"model": chat_options.model, "system": chat_options.system}
            if chat_options.sampling != self.chat_options.sampling:
                changes["sampling"] = chat_options.sampling
            context.client.conversations.change(conversation_id, **changes)
            self._is_stale = True
        super().apply(chat_options, context)

    def ask_for_news(self, context: SessionContext) -> Future[ConversationInfo] | None:
        """Ask what the backend has of it now; None where not all that was known is there to be drawn meanwhile."""
        is_drawable = self.entries and self.live is None and not self._is_stale
        return asked(partial(context.client.conversations.get, self.id)) if self.id and is_drawable else None

    def refresh(self, context: SessionContext, told: Future[ConversationInfo] | None = None) -> bool:
        """Take over what changed elsewhere, as `told` or as the backend tells now; return whether anything did.

        Raises:
            NotFoundError: there is no such conversation for this visitor.
            ChatappError: the backend cannot tell.
        """
        if self.id is None or self.live is not None:
            return False
        found = told.result() if told else context.client.conversations.get(self.id)
        self.chat_options = ChatOptions(found.model, found.system, sampling=found.sampling)
        self.project_id = found.project_id
        if self.landing is not None and not self._has_landed:
            self._has_landed = True
            self._land(self.landing.message_id, found, context)
            return True
        if found == self._known and not self._is_stale:
            return False
        self._load(context, is_unchanged=found.leaf_id == (self._known.leaf_id if self._known else None))
        self._known, self._is_stale, self.title = found, False, found.title
        return True

    def ask_again(self, context: SessionContext) -> None:
        """Get the answer that a broken connection has hidden, or else another one to the last question."""
        if self.live is not None:
            return
        stored = [entry for entry in self.entries if entry.is_stored]
        if self._failed is not None and self._failed.turn_id:
            self._start(context.stored_chat(self.id).resume(self._failed.turn_id), context)
        elif self._pending is not None:
            self._ask(self._pending, context)
        elif stored:
            self.regenerate(stored[-1], context)

    def regenerate(self, entry: DisplayMessage, context: SessionContext) -> None:
        """Get another answer beside `entry`, or to the question `entry`."""
        if self.live is not None or self.id is None or entry not in self.entries:
            return
        place = self.entries.index(entry)
        self.entries = self.entries[: place if entry.is_answer else place + 1]
        self._start(context.stored_chat(self.id).regenerate(entry.id), context)

    def edit(self, entry: DisplayMessage, prompt: str, context: SessionContext) -> None:
        """Ask `prompt` beside the question `entry`, in a branch of its own."""
        if self.live is not None or entry not in self.entries:
            return
        self.entries = [*self.entries[: self.entries.index(entry)], question_entry(prompt, context.zone, entry.files)]
        self._begin(context, parent_id=entry.parent_id or ROOT)

    def show_branch(self, message_id: str, context: SessionContext) -> None:
        """Show the branch that goes through `message_id`.

        Raises:
            ChatappError: the backend cannot do it.
        """
        if self.live is None and self.id is not None:
            context.client.conversations.change(self.id, leaf_id=message_id)
            self.entries, self.unfinished, self._is_stale = [], None, True  # it may be the one that was on show
            self.refresh(context)

    def keep(self, answer: DisplayMessage, context: SessionContext) -> None:
        """Go on behind one of the answers that stand beside each other.

        Raises:
            ChatappError: the backend cannot do it.
        """
        self.show_branch(answer.id, context)

    def _begin(self, context: SessionContext, *, parent_id: str | None = None) -> None:
        self._pending = _Question(self.entries[-1], uuid.uuid4().hex, parent_id)
        self._ask(self._pending, context)
        self._ask_beside(context)

    def _ask(self, question: _Question, context: SessionContext) -> None:
        options = self.chat_options if self.id is None else ChatOptions()  # else the backend has them
        chat = context.stored_chat(self.id, project_id=self.project_id)
        events = chat.ask(
            question.entry.content,
            options,
            attachments=question.entry.files,
            parent_id=question.parent_id,
            idempotency_key=question.key,
        )
        self._start(events, context)

    def _ask_beside(self, context: SessionContext) -> None:
        """Ask the same question to the other models that were chosen."""
        known = [entry.id for entry in self.entries if entry.is_stored]
        if first := self.live:
            others = self.others(self.chat_options.model)
            self.live_beside = [context.beside(first, model, known) for model in others]

    def _start(self, events: Events, context: SessionContext) -> None:
        self.unfinished = self._failed = None
        self.beside = ()
        self._listen_to(LiveAnswer.start(events, cancel=partial(cancel, context.client)))

    def _take_over(self, answer: LiveAnswer, context: SessionContext) -> None:
        """Load the branch as the backend keeps it now; where it cannot tell, keep what is on screen."""
        self.id = answer.conversation_id or self.id
        self._failed = answer if isinstance(answer.error, BackendError) else None
        self._is_stale = True
        try:
            self.refresh(context)
        except ChatappError:
            self.entries += [answer_entry(answer, context.zone)] if answer.text else []
        if self.live_beside and self.id:
            self._settle_beside(self.id, answer, context)
        if answer.status != "complete" and self.live is None and not self.beside:
            self.unfinished = Unfinished(answer.error, bool(answer.text))

    def _settle_beside(self, conversation_id: str, first: LiveAnswer, context: SessionContext) -> None:
        """Let the answers that were made beside each other be chosen from; until then `first` is gone on with."""
        made, last = (first, *self.live_beside), self.entries[-1] if self.entries else None
        with suppress(ChatappError):
            stored = answers_of(context.client, conversation_id, last.siblings[-len(made) :] if last else (), made)
            if len(stored) > 1:
                context.client.conversations.change(conversation_id, leaf_id=stored[0].id)
                self._is_stale = True
                self.refresh(context)
                self.beside = tuple(_entries(stored, context))

    def _land(self, message_id: str, found: ConversationInfo, context: SessionContext) -> None:
        """Load the branch of a message back to it, which is the one on show where that holds it."""
        is_loaded = self._known is not None and self._known.leaf_id == found.leaf_id
        if not is_loaded or message_id not in [entry.id for entry in self.entries]:
            conversations = context.client.conversations
            end = conversations.messages(found.id, branch=message_id, limit=1).items
            if end and end[-1].id != found.leaf_id and found.active_turn_id is None:
                found = conversations.change(found.id, leaf_id=message_id)
            self.entries = []
        self._load(context, is_unchanged=False)
        self._known, self._is_stale, self.title = found, False, found.title
        while message_id not in [entry.id for entry in self.entries] and self._before:
            self.load_earlier(context)

    def _load(self, context: SessionContext, *, is_unchanged: bool) -> None:
        """Fetch the last page of the branch; what was loaded before it stays. Follow an answer that is being made."""
        page = context.client.conversations.messages(str(self.id), limit=PAGE_OF_MESSAGES)
        last = page.items[-1:]
        together = made_together(context.client, str(self.id), last) if self._known is None else []
        going = [answer for answer in together or last if answer.status == "streaming"]
        fresh = _entries(page.items[:-1] if going else page.items, context)
        earlier = self._loaded_before(fresh)
        self._before = self._before if earlier else page.next
        self.entries = [*earlier, *fresh]
        if self._pending is not None and (is_unchanged or self._was_refused_unseen(page.items)):
            self.entries.append(self._pending.entry)
            return
        self._pending, self.unfinished = None, _unfinished(self.entries)
        if not going:
            self._failed = None
            if together and together[0].id == last[0].id:
                self.beside, self.unfinished = tuple(_entries(together, context)), None
        elif self._failed is None:
            self._follow(together or going, context)
        else:
            self._failed.turn_id = going[-1].turn_id

    def _was_refused_unseen(self, messages: Sequence[MessageInfo]) -> bool:
        """Return whether a question, asked before any of `messages` could be loaded, is none of them."""
        question = self._pending.entry.content if self._pending else ""
        return self._known is None and all(message.content != question for message in messages)

    def _loaded_before(self, fresh: list[DisplayMessage]) -> list[DisplayMessage]:
        """Return the loaded entries that lie before `fresh`, none if the branch is another one now."""
        ids = [entry.id for entry in self.entries]
        return self.entries[: ids.index(fresh[0].id)] if fresh and fresh[0].id in ids else []

    def _follow(self, answers: Sequence[MessageInfo], context: SessionContext) -> None:
        """Read along with answers that were begun elsewhere or before this session."""
        self.unfinished = self._failed = None
        first, *self.live_beside = [context.followed(str(self.id), answer) for answer in answers]
        self._listen_to(first)


def _entries(messages: Iterable[MessageInfo], context: SessionContext) -> list[DisplayMessage]:
    return stored_entries(messages, context.zone)


def _unfinished(entries: list[DisplayMessage]) -> Unfinished | None:
    """Return how the last answer ended, if it did not end well."""
    last = entries[-1] if entries else None
    is_broken = last is not None and last.is_answer and last.status != "complete"
    return Unfinished(last.error, bool(last.content)) if last and is_broken else None
