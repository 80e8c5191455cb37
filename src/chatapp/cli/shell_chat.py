"""The chat that questions from the shell are asked in: stored if that is wanted and can be, else held here."""

from collections.abc import Iterable
from contextlib import closing, suppress
from typing import Any

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events
from chatapp.client.chat import ChatOptions, Files, StoredChat
from chatapp.client.ephemeral_chat import EphemeralChat
from chatapp.config.prompts import title_of
from chatapp.errors import ChatappError, NotFoundError, SettingsError, StoreUnavailableError, UpstreamModelNotFoundError
from chatapp.protocol.events import Done, Notice
from chatapp.protocol.resources import ConversationInfo, MessageInfo, SummaryInfo
from chatapp.protocol.usage_resources import EstimateInfo

SHORT_ID_CHARS = 8
NO_TITLE = "New conversation"
_ID_CHARS = 32
_MOST_NAMED = 8
_LIKELY_PINNED = 50
"""Few have as many pinned conversations, and the one last talked in stands behind them."""
_LIST_HINT = "List them with: chatapp list"


class ShellChat:
    """A chat that is begun with its first question, in a project if there is one.

    Leave the events of an answer (`close()`, or Ctrl-C) and the answer is stopped.
    """

    def __init__(
        self,
        backend: BackendClient,
        *,
        conversation_id: str | None = None,
        is_stored: bool = True,
        is_streamed: bool = True,
        project_id: str | None = None,
    ) -> None:
        self._backend = backend
        self._is_streamed = is_streamed
        self._ephemeral = EphemeralChat(backend, is_streamed=is_streamed)
        kept = StoredChat(backend, conversation_id, is_streamed=is_streamed, project_id=project_id, title_of=title_of)
        self._stored = kept if is_stored else None

    def ask(self, prompt: str, options: ChatOptions, *, attachments: Files = ()) -> Events:
        """Return the events of the answer. Where a new conversation cannot be stored, a notice says so first.

        Raises:
            UpstreamModelNotFoundError: the model is none of those that its hint names.
        """
        return self._naming_models(self._asked(prompt, options, attachments))

    def _asked(self, prompt: str, options: ChatOptions, attachments: Files) -> Events:
        if self._stored is None:
            yield from self._ephemeral.ask(prompt, options, attachments=attachments)
            return
        try:
            yield from _stopped_when_left(self._stored, self._stored.ask(prompt, options, attachments=attachments))
        except StoreUnavailableError as error:
            if self._stored.id is not None:
                raise
            self._stored = None
            yield Notice("not_kept", f"This conversation is not kept. {error.sentence()}")
            yield from self._ephemeral.ask(prompt, options, attachments=attachments)
        except ChatappError:
            with suppress(ChatappError):
                self._stored.discard_if_empty()
            raise

    def retry(self, options: ChatOptions) -> Events:
        """Return the events of another answer to the last question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        if self._stored is None:
            return self._naming_models(self._ephemeral.retry(options))
        return self._naming_models(_stopped_when_left(self._stored, self._stored.retry(options)))

    def last_question(self) -> tuple[str, Files]:
        """Return the words of the last question and the files that went along with it.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return (self._stored or self._ephemeral).last_question()

    def answers(self) -> tuple[list[MessageInfo], MessageInfo]:
        """Return the answers to the last question, oldest first, and the one on show.

        Raises:
            ChatappError: there is none, or the backend cannot be asked.
        """
        chat = self._kept()
        shown = chat.last_message()
        if shown is None or shown.role != "assistant":
            raise NotFoundError("Nothing was answered here yet.")
        branches = (self._backend.conversations.back(self._kept_id(), branch=sibling) for sibling in shown.siblings)
        return [next(it for it in branch if it.id in shown.siblings) for branch in branches], shown

    def go_on_from(self, answer: MessageInfo) -> None:
        """Ask what comes next behind `answer`."""
        self._backend.conversations.change(self._kept_id(), leaf_id=answer.id)
        self._stored = StoredChat(self._backend, self._kept_id(), is_streamed=self._is_streamed)

    def undo(self) -> str:
        """Take the last question and its answer back, and return the question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return (self._stored or self._ephemeral).undo()

    def summarise(self) -> SummaryInfo:
        """Have the earlier messages summarised; from now on the summary goes along in their place.

        Raises:
            ChatappError: there is nothing to summarise, or the model cannot be asked.
        """
        place = self._kept().summary_place()
        return self._backend.conversations.summarise(self._kept_id(), **({"message_id": place} if place else {}))

    def drop_summary(self) -> int:
        """Have all messages go along again, and return how many there was a summary of.

        Raises:
            ChatappError: there is no summary, or the backend cannot be asked.
        """
        found = self.summary()
        self._backend.conversations.remove_summary(self._kept_id(), found.id)
        return found.summarised or 0

    def summary(self) -> MessageInfo:
        """Return the message that the last summary stands beside.

        Raises:
            ChatappError: there is no summary, or the backend cannot be asked.
        """
        return self._backend.conversations.last_summary(self._kept_id())

    def fork(self) -> str | None:
        """Go on in a conversation of its own that begins as this one does, and return its title.

        Raises:
            ChatappError: there is nothing to go on from, or the backend cannot be asked.
        """
        last = self._kept().last_message()
        if last is None:
            raise NotFoundError("Nothing was asked here yet.")
        begun = self._backend.conversations.fork(self._kept_id(), last.id)
        self._stored = StoredChat(self._backend, begun.id, is_streamed=self._is_streamed)
        return begun.title

    def _kept(self) -> StoredChat:
        if self._stored is None:
            raise SettingsError("This conversation is not kept.", hint="Ask without --no-store.")
        if self._stored.id is None:
            raise NotFoundError("Nothing was asked here yet.")
        return self._stored

    def _kept_id(self) -> str:
        return self._kept().id or ""

    def estimate(self, options: ChatOptions) -> EstimateInfo:
        """Return what would go along with the next question."""
        return (self._stored or self._ephemeral).estimate(options)

    def model(self) -> str | None:
        """Return the model that the conversation is answered by; None where it names none."""
        found = self._conversation()
        return found.model if found else None

    def system(self) -> str | None:
        """Return the system prompt of the conversation, if it has one."""
        found = self._conversation()
        return found.system if found else None

    def sampling(self, options: ChatOptions) -> dict[str, Any]:
        """Return how the model is told to choose its words, by `options` or else by the conversation."""
        found = self._conversation()
        kept = (found and found.sampling) or {}
        return {**kept, **options.all_sampling()}

    def with_sampling(self, sampling: dict[str, Any], options: ChatOptions) -> ChatOptions:
        """Return `options` with `sampling`, which this conversation keeps.

        Raises:
            ChatappError: no question may have it, or the backend cannot be asked.
        """
        changed = options._replace(temperature=None, max_tokens=None, sampling=sampling or None)
        if self._stored is not None and self._stored.id is not None:
            self._backend.conversations.change(self._stored.id, sampling=changed.sampling)
        else:
            self.estimate(changed)  # refuses what no question may have
        return changed

    def clear_system(self) -> None:
        """Take the conversation's system prompt away."""
        if self._stored is not None and self._stored.id is not None:
            self._backend.conversations.change(self._stored.id, system=None)

    def _naming_models(self, events: Events) -> Events:
        """Return `events`, whose refusal of a model says which ones there are."""
        try:
            yield from events
        except UpstreamModelNotFoundError as error:
            with suppress(ChatappError):
                names = [name for name in self._backend.models().models if f"'{name}'" not in error.detail]
                more = " …" if len(names) > _MOST_NAMED else ""
                error.hint = f"There are: {', '.join(names[:_MOST_NAMED])}{more}" if names else error.hint
            raise

    def _conversation(self) -> ConversationInfo | None:
        id_ = self._stored.id if self._stored else None
        return self._backend.conversations.get(id_) if id_ else None


def last_conversation(backend: BackendClient) -> ConversationInfo:
    """Return the conversation that was last talked in, pinned or not.

    Raises:
        NotFoundError: there is none.
    """
    found: list[ConversationInfo] = []
    for conversation in backend.conversations.each(at_once=_LIKELY_PINNED):
        found.append(conversation)
        if not conversation.pinned:  # the pinned ones come first
            break
    if not found:
        raise NotFoundError("There is no conversation to continue.", hint="Ask without --continue to begin one.")
    return max(found, key=lambda conversation: conversation.updated_at)


def full_id(backend: BackendClient, beginning: str, *, state: str | None = None) -> str:
    """Return the id that begins so, of a conversation that is active unless `state` says otherwise.

    Raises:
        NotFoundError: there is none.
        SettingsError: there are several, or it is empty, as of a variable that is not set: the only one is not meant.
    """
    if len(beginning) >= _ID_CHARS:
        return beginning
    found = [item.id for item in backend.conversations.each(state=state) if item.id.startswith(beginning)]
    if len(found) > 1:
        raise SettingsError(f"{len(found)} conversations have ids that begin with {beginning!r}.", hint="Write more.")
    if not beginning:
        raise SettingsError("An empty id names no conversation.", hint=_LIST_HINT)
    if not found:
        kind, option = (f"{state} ", f" --{state}") if state else ("", "")
        told = f"No {kind}conversation has an id that begins with {beginning!r}."
        raise NotFoundError(told, hint=f"{_LIST_HINT}{option}")
    return found[0]


def conversations_named(
    backend: BackendClient, beginnings: Iterable[str], *, state: str | None = None
) -> list[ConversationInfo]:
    """Return the conversations whose ids begin so, once all of them are known to be there; `state` as of `full_id`.

    Raises:
        NotFoundError: one is not.
        SettingsError: one is not named clearly.
    """
    return [backend.conversations.get(full_id(backend, beginning, state=state)) for beginning in beginnings]


def _stopped_when_left(chat: StoredChat, events: Events) -> Events:
    is_over = False
    with closing(events):
        try:
            for event in events:
                is_over = isinstance(event, Done)
                yield event
        except (GeneratorExit, KeyboardInterrupt):
            if not is_over:
                with suppress(ChatappError):
                    chat.stop()
            raise
