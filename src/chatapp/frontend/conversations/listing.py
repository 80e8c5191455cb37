"""The conversations that the backend keeps, as far as this session has looked at them."""

import time
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from chatapp.client import BackendClient
from chatapp.errors import BackendProtocolError, ChatappError, MethodNotAllowedError, NotFoundError
from chatapp.frontend.conversations.bulk import UNTITLED, Undo
from chatapp.frontend.conversations.list_news import ListNews
from chatapp.frontend.conversations.moments import MONTHS, local_time
from chatapp.protocol.resources import ConversationInfo
from chatapp.protocol.wording import ENGLISH, Words, later

PAGE_OF_CONVERSATIONS = 30
FRESH_S = 5.0
_WEEK = 7
_NO_PROJECT = "none"


class Heading(NamedTuple):
    """What stands above conversations: the name of a month of another year goes with the year."""

    name: str
    year: int | None = None

    def shown(self, t: Words = ENGLISH) -> str:
        """Return it as the reader is told."""
        return t("{month} {year:d}", month=t(self.name), year=self.year) if self.year else t(self.name)


class Group(NamedTuple):
    """Conversations under one heading."""

    heading: Heading
    items: list[ConversationInfo]

    @property
    def name(self) -> str:
        """The heading in English."""
        return self.heading.shown()


class Listing:
    """The first pages of the list or of the archive, or of what a search found.

    `error` says why they could not be fetched, `undo` what can be taken back, `drawn_undo` what of this was drawn
    last, `chosen` which are chosen while somebody chooses. The list is of conversations without a project, or of those
    of `project_id`; without one a search looks into all. `has_changed_alone` says that what was clicked last changes
    nothing beside it, `news` knows what the browser shows of it, `is_known` is whether it was ever fetched.
    """

    def __init__(self) -> None:
        self.items: list[ConversationInfo] = []
        self.has_more = False
        self.error: ChatappError | None = None
        self.is_supported = True
        self.is_archive = False
        self.project_id: str | None = None
        self.undo: Undo | None = None
        self.drawn_undo: Undo | None = None
        self.chosen: set[str] | None = None
        self.query = ""
        self.has_changed_alone = False
        self.news = ListNews()
        self.is_known = False
        self._wanted = PAGE_OF_CONVERSATIONS
        self._fetched_at: float | None = None

    def refresh(self, client: BackendClient, query: str) -> None:
        """Fetch the list, or what a search for `query` finds, if it was not looked at just now."""
        if query != self.query:
            self.query, self._wanted = query, PAGE_OF_CONVERSATIONS
            self.expire()
        now = time.monotonic()
        if self._fetched_at is None or now - self._fetched_at > FRESH_S:
            self._fetch(client)
            self._fetched_at, self.is_known = time.monotonic(), True

    def is_undo_over(self) -> bool:
        """Return, once, whether what could be taken back was offered for long enough."""
        is_over = self.undo is not None and self.undo.is_over
        if is_over:
            self.undo = None
        return is_over

    @property
    def is_changed(self) -> bool:
        """Whether something in it, or in what can be taken back, has changed since it was drawn."""
        return self._fetched_at is None or self.undo is not self.drawn_undo

    def expire(self) -> None:
        """Fetch the list again the next time: something in it has changed."""
        self._fetched_at = None

    def show_more(self) -> None:
        """Want a page of conversations more."""
        self._wanted += PAGE_OF_CONVERSATIONS
        self.expire()

    def show_archive(self, *, is_archive: bool) -> None:
        """Show what is archived, or the list again."""
        self.is_archive, self.chosen, self._wanted = is_archive, None, PAGE_OF_CONVERSATIONS
        self.expire()

    def show_project(self, project_id: str | None) -> None:
        """Show the conversations of a project, or those of none again."""
        self.project_id, self.is_archive, self.chosen, self._wanted = project_id, False, None, PAGE_OF_CONVERSATIONS
        self.expire()

    def item(self, conversation_id: str) -> ConversationInfo | None:
        """Return a conversation of the list, None where it is not in it."""
        return next((item for item in self.items if item.id == conversation_id), None)

    def title_of(self, conversation_id: str) -> str:
        """Return the name of a conversation as the list shows it."""
        titles = (item.title for item in self.items if item.id == conversation_id)
        return next(titles, None) or UNTITLED

    def beside(self, conversation_id: str, step: int) -> ConversationInfo | None:
        """Return the conversation that stands `step` lines below another, None where there is none."""
        places = [place + step for place, item in enumerate(self.items) if item.id == conversation_id]
        return next((self.items[place] for place in places if 0 <= place < len(self.items)), None)

    def groups(self, zone: tzinfo | None) -> list[Group]:
        """Return the list under its headings, in their order; no heading is empty."""
        if self.query:
            return [Group(Heading(later("Found")), self.items)] if self.items else []
        today = datetime.now(zone).date()
        groups: dict[Heading, list[ConversationInfo]] = {}
        for item in self.items:
            groups.setdefault(_heading(item, today, zone), []).append(item)
        return [Group(heading, items) for heading, items in groups.items()]

    def _fetch(self, client: BackendClient) -> None:
        state = "archived" if self.is_archive else None
        project = None if self.is_archive else self.project_id or (None if self.query else _NO_PROJECT)
        try:
            found = client.conversations.first(self._wanted, query=self.query or None, state=state, project=project)
            self.items, self.has_more = found
        except NotFoundError as error:
            if project in {None, _NO_PROJECT}:
                self.items, self.has_more, self.error, self.is_supported = [], False, error, False
                return
            self.show_project(None)  # it was deleted elsewhere
            self._fetch(client)
        except (BackendProtocolError, MethodNotAllowedError) as error:
            self.items, self.has_more, self.error, self.is_supported = [], False, error, False
        except ChatappError as error:
            self.error = error
        else:
            self.error, self.is_supported = None, True


def _heading(item: ConversationInfo, today: date, zone: tzinfo | None) -> Heading:
    if item.pinned:
        return Heading(later("Pinned"))
    day = local_time(item.updated_at, zone).date()
    if day >= today:
        return Heading(later("Today"))
    if day == today - timedelta(days=1):
        return Heading(later("Yesterday"))
    if day > today - timedelta(days=_WEEK):
        return Heading(later("Last 7 days"))
    return Heading(MONTHS[day.month - 1], None if day.year == today.year else day.year)
