"""Conversations and their messages, as they travel."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatapp.protocol.events import Notice
from chatapp.protocol.messages import Part, Role, TurnStatus
from chatapp.protocol.question import MOST_BESIDE, Effort
from chatapp.protocol.schemas.fields import (
    Identifier,
    JsonSchema,
    MaxTokens,
    ModelName,
    Strict,
    Temperature,
    UsageDetailsOut,
    UsageOut,
    Words,
    without_nul,
)


class Regeneration(Strict):
    """Another answer to a question of a conversation."""

    message_id: Identifier | None = Field(
        None, description="The question, or an answer to it; without it the last one."
    )
    model: ModelName | None = Field(None, description="Model to ask this time.")
    temperature: Temperature = None
    max_tokens: MaxTokens = None
    json_schema: JsonSchema = None
    beside: bool = Field(
        False, description=f"Also while others are being made to the same question; at most {MOST_BESIDE} at once."
    )


class Sampling(Strict):
    """How the model chooses its words."""

    temperature: Temperature = None
    max_tokens: MaxTokens = None
    reasoning_effort: Effort | None = Field(None, description="How much a model that thinks is to think.")


def _none_if_blank(title: str) -> str | None:
    """Return a title, none where it is of blanks: in a list nobody would see it."""
    return title if title.strip() else None


Title = Annotated[str, Field(max_length=200), AfterValidator(without_nul), AfterValidator(_none_if_blank)]


class NewConversation(Strict):
    """A conversation to begin."""

    title: Title | None = None
    system: Words | None = Field(None, description="System prompt of the questions in it that bring none.")
    model: ModelName | None = Field(None, description="Model to ask in it, unless a question names one.")
    sampling: Sampling | None = Field(None, description="What goes along with questions in it that bring none.")
    project_id: Identifier | None = Field(None, description="Project it is in; null for none.")


class ConversationChanges(NewConversation):
    """What to change; what is not named stays as it is."""

    pinned: bool = False
    archived: bool = False
    leaf_id: Identifier = Field("", description="Message the branch on show goes through.")


class NewFork(Strict):
    """Where a conversation forks."""

    message_id: Identifier = Field(description="The last message that is taken along.")


class SnippetOut(BaseModel):
    """A stretch of a snippet; `is_match`: it is what was looked for."""

    text: str
    is_match: bool


class ConversationOut(BaseModel):
    """One conversation without its messages. Times are UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    title: str | None
    pinned: bool
    system: str | None = Field(
        description="System prompt of the questions in it that bring none; in a list its first 1,000 characters."
    )
    model: str | None
    sampling: dict[str, Any] | None = Field(description="What goes along with questions in it that bring none.")
    leaf_id: str | None = Field(description="Last message of the branch on show.")
    active_turn_id: str | None = Field(description="Turn that is being answered now.")
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    project_id: str | None = Field(None, description="Project it is in.")
    source: str | None = Field(None, description='What it came in by: "v1" for OpenAI\'s API, null for this one.')
    client: str | None = Field(None, description="The program that has begun it there, as it calls itself.")
    snippet: list[SnippetOut] | None = Field(
        None, description="Where a search was given: the words around what was found."
    )
    message_id: str | None = Field(None, description="Where a search was given: the message it was found in.")


class ConversationPage(BaseModel):
    """Some conversations, pinned ones first, then the one last talked in. `next` is the cursor of the next page."""

    items: list[ConversationOut]
    next: str | None


class HitPlaceOut(BaseModel):
    """Which of how many messages with the words that were looked for one is, in all branches, by when they were made.

    `earlier` and `later` are the messages with them beside it, null where there is none.
    """

    number: int
    total: int
    earlier: str | None
    later: str | None


class MessageOut(BaseModel):
    """One message. Times are UTC; `siblings` are its alternatives, oldest first, itself among them."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    parent_id: str | None
    role: Role
    content: str = Field(description="What is said: the text among the parts.")
    reasoning: str = Field(description="What the model thought: the reasoning among the parts.")
    parts: list[Annotated[Part, Field(discriminator="type")]] = Field(
        description="All that the message is made of, in the order in which it is read."
    )
    model: str | None
    status: TurnStatus
    finish_reason: str | None
    usage: UsageOut | None
    usage_details: UsageDetailsOut | None
    error: dict[str, Any] | None
    latency_ms: int | None
    turn_id: str | None
    created_at: datetime
    finished_at: datetime | None
    siblings: list[str]
    notices: list[Notice] = Field(description="What readers of an answer were told beside it.")
    summary: str | None = Field(
        None, description="Stands for this message and all before it in what models read; null where there is none."
    )
    summarised: int | None = Field(None, description="For how many messages that is.")


class MessagePage(BaseModel):
    """The last messages of a branch, oldest first. `next` is the `before` of the page with earlier ones."""

    items: list[MessageOut]
    next: str | None
