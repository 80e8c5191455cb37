"""What the HTTP API tells, as a client holds it: each class is a JSON object of `schemas`, without their validation.

`reading.read` makes them. A field that an older backend does not send has its default here. They are named tuples
because every command pays for their making: frozen dataclasses take seven times as long.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from chatapp.errors import ChatappError
from chatapp.protocol.chosen_pages import with_pages
from chatapp.protocol.events import Notice, Usage, UsageDetails

if TYPE_CHECKING:
    from chatapp.protocol.messages import Part

Item = TypeVar("Item")


class ResultPage(NamedTuple, Generic[Item]):
    """Some of a long list; `next` is what asks for those that follow, None where there are none."""

    items: tuple[Item, ...]
    next: str | None = None


class HealthInfo(NamedTuple):
    """That a backend runs. `status` is "healthy"; of a server that is no backend it may be anything."""

    status: str = ""
    service: str = ""
    version: str | None = None


class DependencyInfo(NamedTuple):
    """Something the backend needs. `detail` and `hint` say what is wrong and what to do where `ok` is false.

    `name`, `provider`, `reason` and `is_demo` are told of the model; `note` is worth knowing although all is well.
    """

    ok: bool
    latency_ms: int | None = None
    name: str | None = None
    provider: str | None = None
    reason: str | None = None
    is_demo: bool | None = None
    detail: str | None = None
    hint: str | None = None
    note: str | None = None


class ListedModelInfo(NamedTuple):
    """A model of a connection: what a question's `model` is to be, its own name, and the tokens it can read.

    `images` and `audio`: whether it takes them, None where nobody knows.
    """

    id: str
    name: str
    window: int | None = None
    images: bool | None = None
    audio: bool | None = None


class ConnectionInfo(NamedTuple):
    """A model server as it was last seen, and its models where they are told. `without` is what it cannot do."""

    name: str
    ok: bool
    provider: str = ""
    reason: str | None = None
    latency_ms: int | None = None
    is_demo: bool = False
    detail: str | None = None
    hint: str | None = None
    note: str | None = None
    models: tuple[ListedModelInfo, ...] = ()
    without: tuple[str, ...] = ()


class RouteInfo(NamedTuple):
    """A name for several models, of which the first that can answers."""

    name: str
    models: tuple[str, ...]


class ReadinessInfo(NamedTuple):
    """Whether a question asked now would be answered; `dependencies` are "model", "store" and what else there is."""

    dependencies: Mapping[str, DependencyInfo]
    connections: tuple[ConnectionInfo, ...] = ()

    @property
    def model(self) -> DependencyInfo | None:
        """The model that is asked by default; None where the backend does not tell."""
        return self.dependencies.get("model")

    @property
    def fault(self) -> DependencyInfo | None:
        """The first thing that is missing; None where all is well."""
        return next((entry for entry in self.dependencies.values() if not entry.ok), None)

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return self.fault is None


class ModelsInfo(NamedTuple):
    """The models that can be asked, `default` among them."""

    default: str
    models: tuple[str, ...]
    connections: tuple[ConnectionInfo, ...] = ()
    routes: tuple[RouteInfo, ...] = ()

    def is_gone(self, model: str) -> bool:
        """Return whether `model` was to be asked and cannot be any more: its connection answers and does not have it.

        Servers that list none may have any.
        """
        if model in self.models or not self.connections:
            return False
        beginning, slash, _ = model.partition("/")
        owner = next((each for each in self.connections if slash and each.name == beginning), self.connections[0])
        is_listing = owner.ok and owner.note is None and len(self.models) > 1
        is_known = f"{owner.name}/{model}" in self.models or self._found(model) is not None
        return is_listing and not is_known

    def listed_as(self, model: str) -> str:
        """Return the name in the list of a model that is named with its connection, or as the first that has it."""
        found = None if model in self.models else self._found(model)
        return found.id if found else model

    def takes_images(self, model: str) -> bool | None:
        """Return whether `model` takes pictures, of a route whether one of its models does; None: nobody knows."""
        route = next((each.models for each in self.routes if each.name == model), (model,))
        found = [self._found(name) for name in route]
        told = {each.images if each else None for each in found}
        return True if True in told else None if None in told else False

    def taking_images(self) -> tuple[str, ...]:
        """Return the models that are known to take pictures."""
        return tuple(each.id for each in self._listed() if each.images)

    def window_of(self, model: str) -> int | None:
        """Return the tokens that `model` can read, None where nobody knows."""
        found = self._found(model)
        return found.window if found else None

    def _found(self, model: str) -> ListedModelInfo | None:
        """Return what `model` names: as it is listed, or with its connection, as the first's may be, or without."""
        named = ((owner.name, each) for owner in self.connections for each in owner.models)
        return next((each for owner, each in named if model in {each.id, each.name, f"{owner}/{each.name}"}), None)

    def _listed(self) -> Iterator[ListedModelInfo]:
        return (each for connection in self.connections for each in connection.models)


class SnippetInfo(NamedTuple):
    """A stretch of the words around what a search found; `is_match`: it is what was looked for."""

    text: str
    is_match: bool = False


class ConversationInfo(NamedTuple):
    """One conversation without its messages. `leaf_id` is the last message of the branch on show.

    `system` is its first 1,000 characters in a list.
    """

    id: str
    updated_at: datetime
    title: str | None = None
    pinned: bool = False
    system: str | None = None
    model: str | None = None
    leaf_id: str | None = None
    active_turn_id: str | None = None
    created_at: datetime | None = None
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    source: str | None = None
    client: str | None = None
    sampling: Mapping[str, Any] | None = None
    project_id: str | None = None
    snippet: tuple[SnippetInfo, ...] | None = None
    message_id: str | None = None


class MessageInfo(NamedTuple):
    """One message. `siblings` are the ids of its alternatives, oldest first, itself among them.

    `content` and `reasoning` are the text and the reasoning among its `parts`, `notices` what readers of an answer were
    told beside it. `summary` stands for it and all before it, which are `summarised` in number, in what models read.
    """

    id: str
    role: str
    content: str
    created_at: datetime
    parent_id: str | None = None
    parts: "tuple[Part, ...]" = ()
    reasoning: str = ""
    model: str | None = None
    status: str = "complete"
    finish_reason: str | None = None
    usage: Usage | None = None
    usage_details: UsageDetails | None = None
    error: ChatappError | None = None
    latency_ms: int | None = None
    turn_id: str | None = None
    finished_at: datetime | None = None
    siblings: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    summary: str | None = None
    summarised: int | None = None


class HitPlaceInfo(NamedTuple):
    """Which of how many messages with the words that were looked for one is, in all branches, by when they were made.

    `earlier` and `later` are the messages with them beside it, None where there is none.
    """

    number: int
    total: int
    earlier: str | None = None
    later: str | None = None


class SummaryInfo(NamedTuple):
    """What stands for so many `messages`, up to the one `message_id`, in what models read.

    `calls` tells what each call took that it was just made by; there are several where one could not read all.
    """

    message_id: str
    text: str
    messages: int
    calls: tuple[UsageDetails, ...] = ()


class TurnInfo(NamedTuple):
    """One question and its answer, as far as it is."""

    turn_id: str
    status: str
    answer: str
    model: str = ""
    conversation_id: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    error: ChatappError | None = None


class AttachmentInfo(NamedTuple):
    """A file that can go along with questions: `kind` is "text", "image" or "audio", `size` bytes.

    `chosen` is which of its pages go along, as `2-5,8`: None all.
    """

    id: str
    name: str
    media_type: str
    kind: str
    size: int
    pages: int | None = None
    notes: tuple[str, ...] = ()
    chosen: str | None = None

    @property
    def reference(self) -> str:
        """What a question names it by."""
        return with_pages(self.id, self.chosen)

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture itself; pages of a scan go along as pictures too, and are none."""
        return self.kind == "image" and self.media_type.startswith("image/")

    @property
    def shown_size(self) -> str:
        """Its size as people read it."""
        return f"{self.size / 1e6:.1f} MB" if self.size >= 1e6 else f"{max(1, round(self.size / 1e3))} kB"  # noqa: PLR2004


class AttachmentPreview(NamedTuple):
    """What a model gets of a file: the beginning of its `text`, a `picture` as data URL, and about how many tokens."""

    tokens: int
    text: str = ""
    picture: str | None = None
