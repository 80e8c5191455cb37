"""A conversation on screen: its messages, the answer that is being made, and the question that waits."""

import uuid
from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import NamedTuple

from chatapp.client.chat import ChatOptions
from chatapp.errors import ChatappError
from chatapp.frontend.conversations.entries import DisplayMessage, ShownMessage, question_entry
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.session_context import SessionContext
from chatapp.frontend.conversations.summarising import Summarising
from chatapp.protocol.resources import AttachmentInfo, ConversationInfo, HitPlaceInfo

PAGE_OF_MESSAGES = 40
"""How many messages are loaded when a conversation is opened."""
EARLIER_MESSAGES = 200
"""How many more are loaded each time that a reader comes near the first one."""


class Unfinished(NamedTuple):
    """How the last answer ended, if it did not end well. `error` is None for one that was stopped."""

    error: ChatappError | None
    has_text: bool


class Landing(NamedTuple):
    """Where a search has led: a message, and the words that are to be marked in it. `name` tells it from the last."""

    message_id: str
    words: str
    name: str


class OpenConversation(ABC):
    """What the conversation on screen can do, wherever it is stored.

    `name` tells it from the others of a session, `begun` is the name of the last answer to go to, `landing` the message
    that a search has led to, `hit_place` its name with which of how many hits it is, `last_hits` whether there is none
    before or behind it, `summarising` the summary that is being made, and `waiting_files` go along with the next
    question. `project_id` is the project it is in, or will be. `beside_models` are asked beside the conversation's own
    until an answer is kept (`choices` counts how often one was), `live_beside` their answers while they are made,
    `beside` all answers to the last question until one of them is kept. `warned_of` is the model that was said to take
    no pictures. Its state changes in plain attributes only: Streamlit may end a script run at any access to
    `st.session_state`.
    """

    is_temporary: bool
    id: str | None = None
    title: str | None = None
    project_id: str | None = None

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.chat_options = ChatOptions()
        self.entries: list[DisplayMessage] = []
        self.live: LiveAnswer | None = None
        self.live_beside: list[LiveAnswer] = []
        self.beside_models: tuple[str, ...] = ()
        self.choices = 0
        self.beside: tuple[DisplayMessage, ...] = ()
        self.begun: str | None = None
        self.landing: Landing | None = None
        self.last_hits: set[bool] = set()
        self.hit_place: tuple[str, HitPlaceInfo] | None = None
        self.unfinished: Unfinished | None = None
        self.summarising: Summarising | None = None
        self.queued: str | None = None
        self.waiting_files: tuple[AttachmentInfo, ...] = ()
        self.warned_of: str | None = None

    @property
    def known_id(self) -> str | None:
        """Its id, as soon as the backend has begun it."""
        return self.id or (self.live.conversation_id if self.live else None)

    @property
    def messages(self) -> list[ShownMessage]:
        """The messages that are loaded, oldest first, without answers in which nothing was said."""
        return [entry.message for entry in self.entries if not entry.is_silent]

    def place_of_hit(self, context: SessionContext) -> HitPlaceInfo | None:
        """Return which of how many hits the search has led to, None where it has led nowhere.

        Raises:
            ChatappError: the backend cannot tell.
        """
        landing = self.landing
        if self.id is None or landing is None:
            return None
        if self.hit_place is None or self.hit_place[0] != landing.name:
            found = context.client.conversations.place_of_hit(self.id, landing.message_id, landing.words)
            self.hit_place = landing.name, found
        return self.hit_place[1]

    @property
    def is_cut_off(self) -> bool:
        """Whether the last answer has ended where it may be no longer, and waits for nothing."""
        last = self.entries[-1] if self.entries and not self.beside and self.live is None else None
        return last is not None and last.finish_reason == "length"

    @property
    def has_unloaded(self) -> bool:
        """Whether there are messages that only the backend has."""
        return False

    def ask_for_news(self, context: SessionContext) -> Future[ConversationInfo] | None:
        """Ask what the backend has of it now; None where it has nothing, or where that is to be drawn at once."""
        return None

    def apply(self, chat_options: ChatOptions, context: SessionContext) -> None:
        """Have questions answered in this way from now on."""
        self.chat_options = chat_options

    def send(self, prompt: str, context: SessionContext) -> None:
        """Ask `prompt`, at once or after the answer that is being made."""
        if self.live is not None:
            self.queued = "\n\n".join(filter(None, (self.queued, prompt)))
            return
        files, self.waiting_files = self.waiting_files, ()
        self.entries.append(question_entry(prompt, context.zone, files))
        self._begin(context)

    def stop(self) -> None:
        """Stop the answer that is being made and keep what was said."""
        for answer in self.answers:
            answer.stop()

    @property
    def unasked(self) -> str:
        """The question that is not known to have reached the backend, empty if there is none."""
        return ""

    @property
    def answers(self) -> tuple[LiveAnswer, ...]:
        """The answers that are being made, the first that of the conversation's own model."""
        return (self.live, *self.live_beside) if self.live else ()

    def finish(self, context: SessionContext) -> str | None:
        """Take over an answer that has ended, then ask what was queued; return that instead if the answer was cut."""
        answer = self.live
        if answer is None or any(one.is_going for one in self.answers):
            return None
        self.live = None
        self._take_over(answer, context)
        self.live_beside = []
        queued, self.queued = self.queued, None
        if queued and answer.status == "complete":
            self.send(queued, context)
            self.begun = answer.name  # a reader of that answer is not taken to the next
            return None
        return queued

    def others(self, own: str | None) -> list[str]:
        """Return the models that a question goes to beside `own`, each once."""
        return [model for model in dict.fromkeys(self.beside_models) if model != own]

    @abstractmethod
    def ask_again(self, context: SessionContext) -> None:
        """Ask the last question once more, in place of what was answered to it."""

    @abstractmethod
    def edit(self, entry: DisplayMessage, prompt: str, context: SessionContext) -> None:
        """Ask `prompt` in place of the question `entry`."""

    @abstractmethod
    def keep(self, answer: DisplayMessage, context: SessionContext) -> None:
        """Go on behind one of the answers that stand beside each other."""

    def leave(self) -> None:
        """Look away and stop listening; an answer that could not be found again is stopped."""
        for answer in self.answers:
            answer.leave()

    def _listen_to(self, answer: LiveAnswer) -> None:
        self.live, self.begun = answer, answer.name

    @abstractmethod
    def _begin(self, context: SessionContext) -> None:
        """Ask the question that is the last entry."""

    @abstractmethod
    def _take_over(self, answer: LiveAnswer, context: SessionContext) -> None:
        """Put an answer that has ended among the entries."""
