"""What the store returns: plain, frozen, with times in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from chatapp.backend.store.identity import new_timed_id
from chatapp.protocol.events import Notice, Usage, UsageDetails
from chatapp.protocol.messages import AttachmentPart, FinalStatus, Message, Part, Role, TurnStatus

Item = TypeVar("Item")
ROOT = "root"
"""Stands for the place above the first message, where a message has one of a conversation."""

Segments = list[list[Any]]
"""In which order the parts of a stream came, e.g. `[["start", 1], ["reasoning", 300], ["text", 1200], ["done", 1]]`."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation without its messages.

    `leaf_id` is the message the branch on show ends in, None before the first one; `model` and `system` are None where
    the defaults hold; `active_turn_id` is set while an answer is being made. `source` is what it came in by, None for
    our own API, and `client` the program that has begun it there. `sampling` are the parameters of `IN_CONVERSATION`
    that its questions go along with, unless they bring their own. `project_id` is the project it is in, if any.
    """

    id: str
    owner: str
    title: str | None
    pinned: bool
    system: str | None
    model: str | None
    leaf_id: str | None
    active_turn_id: str | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    source: str | None
    client: str | None
    sampling: dict[str, Any] | None = None
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """Conversations that belong together: `instructions` are what all of them begin with, `model` is their default.

    `conversations` counts those that are neither archived nor deleted, `files` the files that go along with each of
    them; `talked_at` is when the last conversation was talked in, None where there are none.
    """

    id: str
    owner: str
    name: str
    instructions: str | None
    model: str | None
    conversations: int
    files: int
    created_at: datetime
    updated_at: datetime
    talked_at: datetime | None
    deleted_at: datetime | None

    @property
    def used_at(self) -> datetime:
        """When it was last talked in or changed."""
        return max(self.updated_at, self.talked_at or self.updated_at)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message of a tree. `siblings` are the ids of its alternatives, oldest first, itself among them.

    `content` is the text among its `parts`, `reasoning` the reasoning. Of a message that is still `streaming` they are
    what was saved last. `notices` are what readers of an answer were told beside it. `summary` stands for this message
    and all before it in what models read, `summarised` in number.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    sequence: int
    role: Role
    content: str
    reasoning: str
    parts: tuple[Part, ...]
    model: str | None
    status: TurnStatus
    finish_reason: str | None
    usage: Usage | None
    usage_details: UsageDetails | None
    error: dict[str, Any] | None
    latency_ms: int | None
    turn_id: str | None
    created_at: datetime
    finished_at: datetime | None
    siblings: tuple[str, ...]
    notices: tuple[Notice, ...] = ()
    summary: str | None = None
    summarised: int | None = None


@dataclass(frozen=True, slots=True)
class BegunTurn:
    """A turn that is saved as begun, and all its maker needs to know.

    `history` is what was said before the prompt, oldest first, or up to the question that is answered again, the system
    prompt left out; `summary` stands for what came before it. `replayed`: the turn was begun by an earlier request with
    the same Idempotency-Key; read it instead of making it; `history` is empty then. `project_id` is the project whose
    files go along.
    """

    turn_id: str
    conversation_id: str | None
    user_message_id: str | None
    answer_message_id: str | None
    model: str
    system: str | None
    history: list[Message]
    replayed: bool = False
    sampling: dict[str, Any] | None = None
    project_id: str | None = None
    summary: str | None = None


class Branch(NamedTuple):
    """What models read of a branch: its `messages`, oldest first, behind a `summary` of so many before them."""

    messages: list[Message]
    summary: str | None = None
    summarised: int = 0


class Prospect(NamedTuple):
    """What the next question of a conversation would be read with: `history` is what was said before, oldest first.

    `sampling` are the parameters that the conversation has of its own, `project_id` is the project whose files go
    along, if any; `summary` stands for as many messages before `history` as are `summarised`.
    """

    model: str
    system: str | None
    history: list[Message]
    sampling: dict[str, Any]
    project_id: str | None = None
    summary: str | None = None
    summarised: int = 0


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn as far as it is saved."""

    id: str
    conversation_id: str | None
    user_message_id: str | None
    answer_message_id: str | None
    status: TurnStatus
    model: str
    process_id: str
    cancel_requested: bool
    text: str
    reasoning: str
    segments: Segments
    finish_reason: str | None
    usage: Usage | None
    usage_details: UsageDetails | None
    error: dict[str, Any] | None
    latency_ms: int | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(slots=True, kw_only=True)  # frozen, each would take three times as long to make
class ModelCall:
    """One call to a model and what it took. It stays when its turn and its conversation are gone.

    `created_at` is when it began, `turn_id` the turn it was made for, `connection` the name of the connection it went
    through. `model` was asked for, `answered_model` is the one that the server says has answered, `surface` what the
    question came in by. None stands for what is not known. `cached_tokens` are part of `prompt_tokens`,
    `reasoning_tokens` of `completion_tokens`; `is_estimated`: the server has not counted, we have. `cost_pico` are
    picodollars, None where the price is not known, and `price_source` is who knows it. Times are milliseconds; a call
    without a token has no `first_token_ms`.
    """

    owner: str
    connection: str
    model: str
    status: FinalStatus
    created_at: datetime
    duration_ms: int
    turn_id: str | None = None
    answered_model: str | None = None
    surface: str | None = None
    error_code: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    is_estimated: bool = False
    cost_pico: int | None = None
    price_source: str | None = None
    first_token_ms: int | None = None
    id: str = field(default_factory=new_timed_id)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of many. `next` is the cursor of what follows, None at the end."""

    items: list[Item]
    next: str | None


class ProjectFile(NamedTuple):
    """An attachment that goes along with each conversation of a project; `tokens` are about how many it is read as."""

    id: str
    name: str
    media_type: str
    size: int
    pages: int | None
    notes: tuple[str, ...]
    tokens: int
    added_at: datetime

    def part(self) -> AttachmentPart:
        """Return it as a part of a message."""
        return AttachmentPart(self.name, self.media_type, self.size, self.id, self.notes)


class ProjectMedium(NamedTuple):
    """What a file of a project shows or lets hear: `pieces` pictures or sounds, `medium` is "images" or "audio"."""

    id: str
    name: str
    media_type: str
    medium: str
    pieces: int

    def part(self) -> AttachmentPart:
        """Return it as a part of a message."""
        return AttachmentPart(self.name, self.media_type, content_id=self.id)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of `owner`. `id` is the SHA-256 of its bytes in hex, `size` their number.

    `kind` is what a model can make of it: "text", "image" or "audio". `pages` counts pages, slides or sheets, None
    where there are none. `notes` says in sentences what models do not get of it.
    """

    owner: str
    id: str
    name: str
    media_type: str
    kind: str
    size: int
    pages: int | None
    notes: tuple[str, ...]
    created_at: datetime | None = None

    def part(self, pages: str | None = None) -> AttachmentPart:
        """Return it, or `pages` of it, as a part of a message."""
        return AttachmentPart(self.name, self.media_type, self.size, self.id, self.notes, pages)


@dataclass(frozen=True, slots=True)
class Share:
    """A link to a conversation, which shows its branch up to the message `leaf_id`; `title` is the conversation's."""

    id: str
    owner: str
    conversation_id: str
    leaf_id: str
    created_at: datetime
    expires_at: datetime
    title: str | None
