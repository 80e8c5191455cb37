"""What the rest of the backend knows of a model: ask it, read its answer, hang up."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from chatapp.backend.models.attempts import Attempts, Destination
from chatapp.errors import UpstreamError
from chatapp.protocol.events import Citation, Notice, Reasoning, Text, ToolCallDelta, Usage
from chatapp.protocol.messages import AttachmentPart, Message
from chatapp.providers.connection import Timeouts


@dataclass(slots=True)  # frozen, each would take twice as long to make
class ModelRequest:
    """What the model is asked: messages oldest first, and the parameters the caller gave.

    `media` is what is sent for attachments of the messages, by their ids; those without are not sent.
    `wire_messages` stand instead of `messages` where the caller has worded them for an OpenAI-compatible server.
    `admit` is asked before each connection that is tried, if it may be, and returns how.
    """

    messages: list[Message]
    model: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    media: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    attempts: Attempts = field(default_factory=Attempts, compare=False)
    wire_messages: list[dict[str, Any]] | None = None
    admit: "Admit | None" = field(default=None, compare=False)
    _walked: tuple[list[str], list[Any]] | None = field(default=None, init=False, repr=False, compare=False)

    def read_texts(self) -> list[str]:
        """Return the text of each message that the model reads, for who wants to know how much it is."""
        if self.wire_messages is None:
            return [message.text for message in self.messages]
        calls = [message.get("tool_calls") for message in self.wire_messages]
        return [f"{text}{asked}" if asked else text for text, asked in zip(self._worded()[0], calls, strict=True)]

    def prompt_bytes(self) -> int:
        """Return how long the text of what the model reads is, without putting it together."""
        texts = [message.text for message in self.messages] if self.wire_messages is None else self._worded()[0]
        if all(map(str.isascii, texts)):
            return sum(map(len, texts))
        return sum([len(text) if text.isascii() else len(text.encode(errors="replace")) for text in texts])

    def read_media(self) -> list[Any]:
        """Return what the model is sent beside text, as servers are sent it: pictures and sound."""
        if self.wire_messages is not None:
            return self._worded()[1]
        if not self.media:
            return []
        parts = [part for message in self.messages for part in message.parts]
        files = [str(part.content_id) for part in parts if isinstance(part, AttachmentPart)]
        return [self.media[content_id] for content_id in files if content_id in self.media]

    def _worded(self) -> tuple[list[str], list[Any]]:
        """Return the text of each of the `wire_messages`, and what they have beside text; they are walked once."""
        if self._walked is None:
            contents = [message.get("content") for message in self.wire_messages or ()]
            worded = [part for content in contents if isinstance(content, list) for part in content]
            media = [part for part in worded if not (isinstance(part, dict) and part.get("type") == "text")]
            texts = [content if isinstance(content, str) else _text_in(content) for content in contents]
            self._walked = texts, media
        return self._walked


Admit = Callable[[ModelRequest, Destination], Awaitable[ModelRequest]]
"""Returns how a request may be made there.

Raises:
    BudgetExceededError: it may not be made there.
"""


def _text_in(content: object) -> str:
    if isinstance(content, list):
        return "".join([str(part.get("text", "")) for part in content if isinstance(part, dict)])
    return ""


class TokenUsage(msgspec.Struct):
    """Tokens of one call as the server counted them; cached ones are part of the prompt, reasoning of the completion.

    Each is at least 0, and 0 where the server does not say. `service_tier` is the one that it says it answered in.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    service_tier: str | None = None

    def told(self) -> Usage:
        """Return what readers of a turn learn."""
        return Usage(
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            total_tokens=self.total_tokens,
        )

    @property
    def billed_completion_tokens(self) -> int:
        """What is paid for as the answer: xAI and Gemini count thoughts in the total alone, not in the completion."""
        return max(self.completion_tokens, self.total_tokens - self.prompt_tokens)

    @property
    def billed_reasoning_tokens(self) -> int:
        """The thoughts among `billed_completion_tokens`."""
        return max(self.reasoning_tokens, self.billed_completion_tokens - self.completion_tokens)


class Batch(msgspec.Struct):  # one is made for each read, and a dataclass takes five times as long to make
    """What one read from the model held: text and calls of tools in their order, and how the answer ended, if it did.

    `finish_reason` stands behind the text: a batch with text and without a reason takes an earlier one back.
    `is_closing`: only counts and the end can follow it. `failure` is what is wrong with the answer behind this text.
    `is_alive`: the model is at work on something that is not text. `was_thought`: all text of earlier batches was
    thought. `notices` are for the readers, `citations` the pages that it goes by, `logprobs` as OpenAI words them,
    `details` thoughts as OpenRouter words them, which wants them back.
    """

    finish_reason: str | None = None
    usage: TokenUsage | None = None
    failure: UpstreamError | None = None
    is_last: bool = False
    is_closing: bool = False
    is_alive: bool = False
    was_thought: bool = False
    notices: Sequence[Notice] = ()
    citations: Sequence[Citation] = ()
    logprobs: tuple[dict[str, Any], ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    _runs: list[Text | Reasoning] = []
    _kind: type[Text] | type[Reasoning] | None = None
    _texts: list[str] = []
    _calls: list[ToolCallDelta] = []

    def add(self, kind: type[Text] | type[Reasoning], text: str) -> None:
        """Append a piece; neighbours of one kind become one."""
        if kind is self._kind:
            self._texts.append(text)
        else:
            if self._kind is not None:
                self._runs.append(self._kind("".join(self._texts)))
            self._kind, self._texts = kind, [text]

    def add_calls(self, pieces: list[ToolCallDelta]) -> None:
        """Append pieces of calls, behind all text of this batch: models call when they have spoken."""
        self._calls += pieces

    def beside(self) -> Sequence[Notice | Citation]:
        """Return what the readers are to know beside what was said."""
        return [*self.notices, *self.citations] if self.citations else self.notices

    def recast(self) -> None:
        """Take all text so far for thoughts, here and in the batches before."""
        self.was_thought = True
        self._texts = [*(run.text for run in self._runs), *self._texts]
        self._runs, self._kind = [], None if self._kind is None else Reasoning

    def deltas(self) -> Sequence[Text | Reasoning | ToolCallDelta]:
        """Return what was said, oldest first."""
        if self._kind is None:
            return self._calls
        return [*self._runs, self._kind("".join(self._texts)), *self._calls]


ANSWER_LIMITS = ("max_tokens", "max_completion_tokens", "n_predict")
"""The names under which servers are told how long an answer may be; llama.cpp lets its own overrule the others."""

RawKind = Literal["embeddings", "completions"]
"""What is asked for by passing a question on as it is: the path at the model server too."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What a server answers to a question that is passed on: its body as it came, and the tokens it counted, if so."""

    body: bytes
    usage: TokenUsage | None


class ModelStream(Protocol):
    """An answer while it is made."""

    connection: str
    """The name of the connection that answers."""

    notices: list[Notice]
    """What the readers are to know of how it was asked."""

    prefix: str
    """What stands before the model's name where it is asked for here: the name of a further connection, and a slash."""

    @property
    def model(self) -> str:
        """The model that answers: the one that was asked, until the server says that it is another."""
        ...

    async def read(self) -> Batch:
        """Return what has come since the last read; nothing comes behind a batch that `is_last` or has a `failure`."""
        ...

    async def close(self) -> None:
        """Hang up; the model stops."""
        ...


class ModelSource(Protocol):
    """Models that can be asked, by one connection or by several."""

    @property
    def name(self) -> str:
        """The model that is asked by default."""
        ...

    async def prepare(self) -> None:
        """Do what the first question would otherwise wait for."""
        ...

    async def default_model(self) -> str:
        """Return `name`, once it is found out where nobody has chosen it."""
        ...

    async def ask_raw(self, kind: RawKind, body: dict[str, Any], attempts: Attempts) -> RawAnswer:
        """Return the answer to `body`, in OpenAI's words. `attempts` learns of the calls that it takes.

        Raises:
            UpstreamError: the model refused or cannot be reached.
        """
        ...

    async def window(self, model: str) -> int | None:
        """Return the tokens that `model` can read, question and answer together; None if nobody knows."""
        ...

    def takes(self, model: str, medium: str) -> bool | None:
        """Return whether `model` takes "images" or "audio" beside text, None where nobody knows."""
        ...

    async def models(self) -> list[str]:
        """Return the names of the models that can be asked, `name` first.

        Raises:
            UpstreamError: the model server does not tell.
        """
        ...

    async def probe(self) -> str | None:
        """Ask the model server for a sign of life, and return what is worth telling although it gave one.

        Raises:
            UpstreamError: it gave none.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class ChatModel(ModelSource, Protocol):
    """Something that answers, wherever a question has to go for it."""

    def connection_for(self, model: str) -> str:
        """Return the name of the connection that `model` is asked over."""
        ...

    def destinations(self, model: str) -> list[Destination]:
        """Return where a question for `model` may go, in the order in which it is tried; one at least."""
        ...

    def timeouts_for(self, model: str) -> Timeouts:
        """Return how long answers of `model` may take, where that is not what the settings say."""
        ...

    async def open(self, request: ModelRequest) -> ModelStream:
        """Return the stream of one answer once the model has accepted the question.

        Raises:
            UpstreamError: the model refused or cannot be reached.
        """
        ...
