"""The conversation store: conversations, their messages as a tree, and the turns that make them.

Everything here is synchronous and may be called from any thread. SQLite in the user's data folder holds it all, or
PostgreSQL where `DATABASE_URL` names one.
"""

from dataclasses import dataclass
from typing import Self

from chatapp.backend.store.attachments import Attachments
from chatapp.backend.store.conversations import Changes, Conversations
from chatapp.backend.store.database import Database, open_database
from chatapp.backend.store.ending import Ending, WholeTurn
from chatapp.backend.store.forks import Forks
from chatapp.backend.store.listing import ConversationState
from chatapp.backend.store.messages import Messages
from chatapp.backend.store.migration import bring_up_to_date
from chatapp.backend.store.model_calls import ModelCalls
from chatapp.backend.store.project_files import ProjectFiles
from chatapp.backend.store.projects import Projects
from chatapp.backend.store.records import (
    ROOT,
    Attachment,
    BegunTurn,
    Conversation,
    ModelCall,
    Page,
    Project,
    ProjectFile,
    Prospect,
    Segments,
    StoredMessage,
    StoredTurn,
)
from chatapp.backend.store.reservations import Amount, Book, Reservations, Standing
from chatapp.backend.store.search.search import HitPlace, Search, SearchHit
from chatapp.backend.store.search.snippets import SnippetPart
from chatapp.backend.store.shares import Shares
from chatapp.backend.store.summaries import Summaries, Summary
from chatapp.backend.store.trusted_clock import TrustedClock
from chatapp.backend.store.turns import Turns
from chatapp.backend.store.usage import Dimension, UsageByDay, UsageReport, UsageTotals
from chatapp.backend.store.write_lane import Job
from chatapp.config.settings import Settings
from chatapp.protocol.messages import FinalStatus, Role, TurnStatus

__all__ = [
    "ROOT", "Amount", "Attachment", "Attachments", "BegunTurn", "Book", "Changes", "Conversation", "ConversationState",
    "Conversations", "Dimension", "Ending", "FinalStatus", "Forks", "HitPlace", "Job", "Messages", "ModelCall",
    "ModelCalls", "Page", "Project", "ProjectFile", "ProjectFiles", "Projects", "Prospect", "Reservations", "Role",
    "Search", "SearchHit", "Segments", "Shares", "SnippetPart", "Standing", "Store", "StoredMessage", "StoredTurn",
    "Summaries", "Summary", "TrustedClock", "TurnStatus", "Turns", "UsageByDay", "UsageReport", "UsageTotals",
    "WholeTurn",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Store:
    """All that is kept, by what it is: `store.turns.get(…)`, `store.messages.page(…)`."""

    conversations: Conversations
    projects: Projects
    project_files: ProjectFiles
    messages: Messages
    summaries: Summaries
    forks: Forks
    turns: Turns
    model_calls: ModelCalls
    usage: UsageByDay
    reservations: Reservations
    search: Search
    attachments: Attachments
    shares: Shares
    database: Database

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Return the store that the settings name, with its tables brought to this version.

        Raises:
            SettingsError: `DATABASE_URL` cannot be used.
            StoreTooNewError: a newer chatapp has written it.
            StoreUnavailableError: it cannot be read or written.
        """
        database = open_database(settings)
        try:
            bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(
            conversations=Conversations(database),
            projects=Projects(database),
            project_files=ProjectFiles(database),
            messages=Messages(database),
            summaries=Summaries(database),
            forks=Forks(database),
            turns=Turns(database),
            model_calls=ModelCalls(database),
            usage=UsageByDay(database),
            reservations=Reservations(database),
            search=Search(database),
            attachments=Attachments(database),
            shares=Shares(database),
            database=database,
        )

    def ping(self) -> None:
        """Read the smallest thing there is.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        self.database.ping()

    def close(self) -> None:
        """Close the connections; the store cannot be used afterwards."""
        self.database.close()
