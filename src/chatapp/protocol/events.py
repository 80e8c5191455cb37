"""What one answer is made of while it travels: the events of a stream and the answer they add up to."""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict


class Usage(TypedDict):
    """Tokens as the model server counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class UsageDetails(TypedDict):
    """What all calls of an answer took together, and how fast the last was.

    Tokens are what is paid for: retries are among them, and `estimated` says that a server did not count.
    `cached_tokens` are part of the prompt, `reasoning_tokens` of the completion. `cost` is in dollars, an exact decimal
    as text, None where the price is not known; `price_source` says who knows it: "list", "connection" or "local", where
    nothing is to be paid. `first_token_ms` counts from the call to the model, `tokens_per_second` from there on;
    `thinking_ms` from the first thought to the first word, None where nothing was thought aloud.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    estimated: bool
    cost: str | None
    price_source: str | None
    first_token_ms: int | None
    tokens_per_second: float | None
    thinking_ms: NotRequired[int | None]


COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")
"""The numbers of tokens in `UsageDetails`."""


@dataclass(frozen=True, slots=True)
class Start:
    """The turn has begun."""

    turn_id: str
    model: str
    conversation_id: str | None = None


@dataclass(slots=True)  # frozen, each would take twice as long to make, and there is one for each read
class Text:
    """The next piece of the answer, newlines as LF."""

    text: str


@dataclass(slots=True)
class Reasoning:
    """The next piece of what the model thinks before it answers; never part of the answer."""

    text: str


CUSTOM, OLDER = "custom", "function_call"
"""What `type` in the `extra` of a call is where it is not called as a function is."""


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """The next piece of a call of a tool. Pieces of one `index` are one call.

    `id` and `name` come with its first piece and are empty after it; the `arguments` of all pieces, joined, are JSON as
    the model wrote it. `extra` is what the server says else of the call, as a signature that it wants to have back.
    """

    index: int
    id: str
    name: str
    arguments: str
    extra: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A page that the answer goes by, as its server names it. The first one of an answer is its number 1."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know, e.g. that earlier turns were left out."""

    code: str
    text: str


PROJECT_FILES = "project_files"
"""The code of the notice that names files of the project."""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole.

    `finish_reason` is the model server's word: stop, length, content_filter, …; `latency_ms` counts from the request.
    `model` is the one that answered, where it is another than `Start` names.
    """

    finish_reason: str | None
    usage: Usage | None
    latency_ms: int
    model: str | None = None
    usage_details: UsageDetails | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ended early; `error` is the error object of the HTTP API."""

    error: dict[str, Any]


WAS_THOUGHT = "was_thought"
"""The code of the notice behind text that turned out to be what the model thought: a lone `</think>` came."""

DELTAS = (Text, Reasoning)
"""The events that count by character; every other is one step."""

CONTENT = (*DELTAS, ToolCallDelta)
"""The events in which the model says something."""

Event = Start | Text | Reasoning | ToolCallDelta | Citation | Notice | Done | Failed


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, as `BackendClient.ask` gives it."""

    model: str
    answer: str
    conversation_id: str | None = None
    turn_id: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    latency_ms: int | None = None
    usage_details: UsageDetails | None = None
    citations: tuple[Citation, ...] = ()
