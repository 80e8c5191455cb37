"""Several conversations at once: deleted, archived or taken along as a file, and what takes that back."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from chatapp.client import BackendClient
from chatapp.errors import NotFoundError

What = Literal["Deleted", "Archived", "Back in the list"]


class Undo(NamedTuple):
    """What was done last, to which conversations, and the title of the first of them."""

    what: What
    ids: tuple[str, ...]
    title: str

    @property
    def sentence(self) -> str:
        """What was done, as the reader is told."""
        more = f" and {len(self.ids) - 1} more" if len(self.ids) > 1 else ""
        return f"{self.what}: {self.title}{more}"


def act_of(what: What, client: BackendClient) -> Callable[[str], object]:
    """Return what does it to one conversation."""
    return {
        "Deleted": client.conversations.delete,
        "Archived": lambda conversation_id: client.conversations.change(conversation_id, archived=True),
        "Back in the list": lambda conversation_id: client.conversations.change(conversation_id, archived=False),
    }[what]


def undo_of(what: What, client: BackendClient) -> Callable[[str], object]:
    """Return what takes it back for one conversation."""
    if what == "Deleted":
        return client.conversations.restore
    return act_of("Back in the list" if what == "Archived" else "Archived", client)


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
