"""One question, from the request that brings it to the store that keeps it."""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from chatapp.protocol.messages import AttachmentPart, Message
from chatapp.protocol.surfaces import Surface

SAMPLING = ("temperature", "top_p", "max_tokens", "stop", "seed", "reasoning_effort")
"""The fields of a question that say how the model chooses its words."""
MOST_BESIDE = 3
"""How many answers to one question are made at once."""
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
"""How much a model that thinks is to think, as OpenAI words it."""
EFFORTS: tuple[str, ...] = get_args(Effort)


class HeldConversation(Protocol):
    """All that was said in a conversation that its client holds, without system prompts; oldest first."""

    @property
    def count(self) -> int:
        """How many messages there are."""
        ...

    @property
    def last_answer(self) -> int:
        """Where the last answer stands, 0 where there is none: what lies behind it has seldom been sent before."""
        ...

    def hashes(self, first: int) -> list[str]:
        """Return, for each message from `first` on, the hash of all that was said up to its end."""
        ...

    def hash_behind(self, answer: Message) -> str:
        """Return the hash of all that was said, and of an answer behind it."""
        ...

    def messages(self, first: int) -> list[Message]:
        """Return the messages from `first` on, those that are to be saved."""
        ...

    def kept(self) -> None:
        """Note that they are saved."""
        ...


@dataclass(slots=True, kw_only=True)  # frozen, each would take four times as long to make
class Question:
    """What is asked, by whom, and where it belongs.

    `messages` is what was said before, oldest first, where the client holds it; `parameters` are those of `SAMPLING`
    that were given. `store`: question and answer are kept in a conversation. `conversation_id` None begins a new one,
    unless `store` is false: then nothing is kept but, with an `idempotency_key`, the turn. `parent_id` is the message
    to go on from: None the end of the branch on show, `root` the beginning of a new branch. `prompt` None asks again
    for an answer to the question at `parent_id`, while others are being made to it too if it `is_beside`; to edit a
    question, send the new words with the old one's parent.

    A question whose `idempotency_key` is known is not asked again, unless its turn failed before anything was said;
    `body_hash` tells whether it is the same question. `model` and `system` hold for this turn; the conversation that
    it begins, if any, remembers them. `surface` is what it came in by. `attachments` are files that go along with the
    prompt, in the order in which they are read. `project_id` is the project of the conversation that it begins.

    `wire_messages` is all that the model reads, where a client words it for a model server itself: it goes along as it
    is, and nothing is left out where it is too long. A turn that is stored and does not outlive its readers is stopped,
    and kept as far as it came, when the last leaves.
    `held` is the conversation, where the client holds it and it is to be stored, and `client` what that calls itself.
    """

    prompt: str | None
    attachments: tuple[AttachmentPart, ...] = ()
    owner: str = ""
    system: str | None = None
    messages: list[Message] = field(default_factory=list)
    model: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    conversation_id: str | None = None
    project_id: str | None = None
    parent_id: str | None = None
    store: bool = False
    idempotency_key: str | None = None
    body_hash: str | None = None
    surface: Surface | None = None
    wire_messages: list[dict[str, Any]] | None = None
    client: str | None = None
    held: HeldConversation | None = None
    outlives_readers: bool = True
    is_beside: bool = False
