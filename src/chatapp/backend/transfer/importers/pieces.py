"""What is found in a file: conversations, projects, what was read before, and what cannot be read."""

from dataclasses import dataclass

from chatapp.backend.store.imported import ImportedConversation, ImportedProject, Unreadable


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """A conversation in a file, and what stands for its text."""

    conversation: ImportedConversation
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class FoundProject:
    """A project in a file, of the program `source`, and what of it does not come along."""

    source: str
    project: ImportedProject
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadBefore:
    """A conversation whose text was read before."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that cannot be read; `kind` says what it is, if that is known.

    `is_file` says that it is a whole file; one that `is_tried` did not look like an export by its name.
    """

    what: str
    kind: str | None = None
    is_file: bool = False
    is_tried: bool = False
    reason: str | None = None

    @property
    def why(self) -> str:
        """The reason in a receipt."""
        if self.reason:
            return self.reason
        none = "it is no export that we know" if self.is_file else "it is no conversation that we know"
        return f"it is {self.kind}" if self.kind else none


Piece = FoundConversation | FoundProject | ReadBefore | Unreadable | Unknown
