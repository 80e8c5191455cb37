"""A message: who says it, and the parts it is made of. One definition for backend, client and page.

The words are those of the `llm` package: text, reasoning, attachment, tool call, tool result.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from chatapp.protocol.chosen_pages import with_pages

if TYPE_CHECKING:
    from chatapp.protocol.resources import AttachmentInfo

TextRole = Literal["user", "assistant", "system"]
"""Who says something in words."""

Role = Literal[TextRole, "tool"]

FinalStatus = Literal["complete", "stopped", "incomplete", "failed", "interrupted"]
"""How an answer ended, and the turn that made it."""

TurnStatus = Literal["streaming", FinalStatus]


@dataclass(frozen=True, slots=True)
class TextPart:
    """What is said."""

    type: Literal["text"] = field(default="text", init=False)
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """What the model thinks before it answers; never sent back to it."""

    type: Literal["reasoning"] = field(default="reasoning", init=False)
    text: str


@dataclass(frozen=True, slots=True)
class AttachmentPart:
    """A file: `content_id` is its SHA-256 in hex where its bytes are kept, None where only its place is known.

    `notes` says in sentences what models do not get of it, `pages` which of its pages go along, as `2-5,8`: None all.
    """

    type: Literal["attachment"] = field(default="attachment", init=False)
    name: str
    media_type: str = "application/octet-stream"
    size: int | None = None
    content_id: str | None = None
    notes: tuple[str, ...] = ()
    pages: str | None = None

    @classmethod
    def of(cls, file: "AttachmentInfo") -> Self:
        """Return the part that a file is in the message it goes along with."""
        return cls(file.name, file.media_type, file.size, file.id, pages=file.chosen)

    @property
    def title(self) -> str:
        """What it is called, and which of its pages go along where not all do."""
        return self.name if self.pages is None else f"{self.name}, pages {self.pages}"

    @property
    def reference(self) -> str | None:
        """What a question names it by."""
        return self.content_id and with_pages(self.content_id, self.pages)


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """The model asks for a tool; `arguments` is JSON as the model wrote it."""

    type: Literal["tool_call"] = field(default="tool_call", init=False)
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """What a tool gave back for the call `call_id`."""

    type: Literal["tool_result"] = field(default="tool_result", init=False)
    call_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class CitationPart:
    """A page that an answer goes by; the first one among its parts is number 1. Never sent to a model."""

    type: Literal["citation"] = field(default="citation", init=False)
    url: str
    title: str = ""

    @property
    def is_web(self) -> bool:
        """Whether a link may lead there: nothing that a browser would run."""
        return self.url.lower().startswith(("https://", "http://")) and self.url.isprintable()

    @property
    def name(self) -> str:
        """What it is called: its title, or else where it is."""
        return self.title or self.url.partition("://")[2].partition("/")[0] or self.url


Part = TextPart | ReasoningPart | AttachmentPart | ToolCallPart | ToolResultPart | CitationPart

PART_KINDS: dict[str, type[Part]] = {
    "text": TextPart,
    "reasoning": ReasoningPart,
    "attachment": AttachmentPart,
    "tool_call": ToolCallPart,
    "tool_result": ToolResultPart,
    "citation": CitationPart,
}
"""The kinds of parts by their `type`."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says. `parts` are in the order in which they are read."""

    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, role: Role, text: str) -> Self:
        """Return a message of plain text."""
        return cls(role, (TextPart(text),))

    @property
    def text(self) -> str:
        """What is said, without the other parts; what is searched and shown in lists."""
        parts = self.parts
        if len(parts) == 1 and type(parts[0]) is TextPart:
            return parts[0].text
        return "".join([part.text for part in parts if type(part) is TextPart])

    @property
    def has_files(self) -> bool:
        """Whether files belong to it whose bytes are kept."""
        if len(self.parts) == 1 and type(self.parts[0]) is TextPart:
            return False
        return any(type(part) is AttachmentPart and part.content_id for part in self.parts)

    @property
    def reasoning(self) -> str:
        """What the model thought."""
        return "".join([part.text for part in self.parts if type(part) is ReasoningPart])


def files_of(parts: Iterable[Part]) -> "tuple[AttachmentInfo, ...]":
    """Return the files among the parts of a message whose bytes are kept, as they can go along once more."""
    from chatapp.protocol.resources import AttachmentInfo  # noqa: PLC0415 - which most that read messages need not

    return tuple(
        AttachmentInfo(
            part.content_id,
            part.name,
            part.media_type,
            part.media_type.partition("/")[0],
            part.size or 0,
            notes=part.notes,
            chosen=part.pages,
        )
        for part in parts
        if isinstance(part, AttachmentPart) and part.content_id
    )


def system_text(system: str | None, summary: str | None) -> str:
    """Return what a model reads before all messages: its instructions, and a summary of those that do not go along."""
    told = summary and f"Summary of the conversation before the messages that follow:\n\n{summary}"
    return "\n\n".join(filter(None, (system, told)))


def parts_as_json(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return `parts` as JSON objects, each with its `type`."""
    return [_as_json(part) for part in parts]


def _as_json(part: Part) -> dict[str, Any]:
    told = {name: getattr(part, name) for name in part.__dataclass_fields__}
    if type(part) is AttachmentPart and part.pages is None:  # earlier versions wrote none
        del told["pages"]
    return told


def parts_from_json(told: Sequence[Mapping[str, Any]]) -> tuple[Part, ...]:
    """Return the parts that `parts_as_json` wrote; kinds and fields that this version does not know are passed over.

    Raises:
        TypeError: a field is missing.
    """
    parts = []
    for fields in told:
        kind = PART_KINDS.get(str(fields.get("type")))
        if kind is not None:
            names = kind.__dataclass_fields__.keys() - {"type"}
            known = ((name, value) for name, value in fields.items() if name in names)
            given: dict[str, Any] = {name: tuple(it) if isinstance(it, list) else it for name, it in known}
            parts.append(kind(**given))
    return tuple(parts)
