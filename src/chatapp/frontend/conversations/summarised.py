"""A conversation whose beginning can be summarised: the model reads the summary in place of the messages."""

from dataclasses import replace
from functools import partial

from chatapp.errors import ChatappError
from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.conversations.session_context import SessionContext
from chatapp.frontend.conversations.summarising import Summarising


class SummarisedConversation(OpenConversation):
    """What can be done with summaries.

    `_is_stale`: what is on screen is to be loaded anew. `has_new_summary`: nobody was told yet that one was made.
    """

    has_new_summary = False
    _is_stale: bool

    def summarise(self, context: SessionContext) -> None:
        """Have earlier messages summarised; `finish_summary` takes over what comes of it."""
        if self.id is not None and self.summarising is None:
            self.summarising = Summarising.start(partial(context.client.conversations.summarise, self.id))

    def finish_summary(self) -> ChatappError | None:
        """Show a summary that has been made, or return why there is none."""
        made = self.summarising
        if made is None or made.is_going:
            return None
        self.summarising, self._is_stale = None, True
        self.has_new_summary = made.error is None
        return made.error

    def change_summary(self, entry: DisplayMessage, text: str | None, context: SessionContext) -> None:
        """Have the summary beside `entry` say `text`; None takes it away, and what it stood for is read again.

        Raises:
            ChatappError: the backend cannot do it.
        """
        if self.id is None or entry not in self.entries:
            return
        if text is None:
            context.client.conversations.remove_summary(self.id, entry.id)
        elif entry.summary is None:
            context.client.conversations.summarise(self.id, message_id=entry.id, text=text)
        else:
            context.client.conversations.change_summary(self.id, entry.id, text)
        removed = entry.summary if text is None else None
        self.entries[self.entries.index(entry)] = replace(entry, summary=text, removed_summary=removed)
