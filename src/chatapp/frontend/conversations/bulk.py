"""Several conversations at once: deleted, archived or taken along as a file, and what takes that back."""

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from chatapp.client import BackendClient
from chatapp.errors import NotFoundError
from chatapp.protocol.wording import ENGLISH, Words, later

UNTITLED = later("New conversation")
OFFERED_S = 60.0
What = Literal["Deleted", "Archived", "Back in the list", "Moved", "Deleted the project"]
_DONE: Mapping[What, str] = {
    "Deleted": later("Deleted"),
    "Archived": later("Archived"),
    "Back in the list": later("Back in the list"),
    "Moved": later("Moved"),
    "Deleted the project": later("Deleted the project"),
}


class Undo(NamedTuple):
    """What was done last, and to which conversations or project, with their titles.

    `projects` are those that conversations which were moved have been in before.
    """

    what: What
    titles: Mapping[str, str]
    done_at: float = math.inf
    """On `time.monotonic()`."""
    projects: Mapping[str, str | None] | None = None

    def sentence(self, t: Words = ENGLISH) -> str:
        """Return what was done, as the reader is told."""
        what, count, first = t(_DONE[self.what]), len(self.titles), next(iter(self.titles.values()))
        if count > 1:
            return t("{what}: {count} conversation", plural="{what}: {count} conversations", what=what, count=count)
        return f"{what}: {t(first) if first == UNTITLED else first}"

    def without(self, ids: Collection[str]) -> "Undo | None":
        """Return what is left to be taken back when it was for `ids`, None where that is nothing."""
        left = {id_: title for id_, title in self.titles.items() if id_ not in ids}
        return self._replace(titles=left) if left else None

    @property
    def is_over(self) -> bool:
        """Whether it was offered for long enough."""
        return time.monotonic() - self.done_at > OFFERED_S


def act_of(what: What, client: BackendClient) -> Callable[[str], object]:
    """Return what does it to one conversation."""
    return {
        "Deleted": client.conversations.delete,
        "Archived": lambda conversation_id: client.conversations.change(conversation_id, archived=True),
        "Back in the list": lambda conversation_id: client.conversations.change(conversation_id, archived=False),
    }[what]


def undo_of(undo: Undo, client: BackendClient) -> Callable[[str], object]:
    """Return what takes it back for one conversation, or for the project."""
    return {
        "Deleted": client.conversations.restore,
        "Deleted the project": client.projects.restore,
        "Archived": lambda conversation_id: client.conversations.change(conversation_id, archived=False),
        "Back in the list": lambda conversation_id: client.conversations.change(conversation_id, archived=True),
        "Moved": lambda conversation_id: client.conversations.change(
            conversation_id, project_id=(undo.projects or {}).get(conversation_id)
        ),
    }[undo.what]


def each(act: Callable[[str], object], ids: Iterable[str], done: list[str]) -> None:
    """Do `act` to each conversation that is still there, and add the others to `done` as it goes.

    Raises:
        ChatappError: the backend cannot do it; `done` has those for which it could.
    """
    for conversation_id in ids:
        with suppress(NotFoundError):
            act(conversation_id)
            done.append(conversation_id)


def zip_of(client: BackendClient, ids: Sequence[str]) -> bytes:
    """Return a zip of conversations and their files, that can be imported again.

    Raises:
        ChatappError: the backend cannot tell them.
    """
    return b"".join(client.conversations.export_all(ids=ids))
