"""A question and its answer, as they travel."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from chatapp.protocol.events import Citation
from chatapp.protocol.messages import TextRole, TurnStatus
from chatapp.protocol.question import Effort
from chatapp.protocol.schemas.fields import (
    EXAMPLE_ID,
    Identifier,
    JsonSchema,
    MaxTokens,
    ModelName,
    Strict,
    Temperature,
    UsageDetailsOut,
    UsageOut,
    Words,
    not_blank,
    without_nul,
)

MOST_ATTACHMENTS = 20

_EXAMPLE_ANSWER = "Python is a programming language that is easy to read."

_Stop = Annotated[str, Field(min_length=1), AfterValidator(without_nul)]


_AttachmentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}(#pages=.{0,100})?$")]
AttachmentIds = Annotated[list[_AttachmentId], Field(max_length=MOST_ATTACHMENTS)]


class MessageIn(Strict):
    """One earlier message, as the client holds it."""

    role: TextRole = Field(description="Who said it.")
    content: Words = Field(description="What was said.")
    attachments: AttachmentIds = Field(default_factory=list, description="Ids of the files that went along with it.")


class QueryRequest(Strict):
    """One question and how to answer it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prompt": "What is Python?"},
                {"prompt": "Say it shorter.", "temperature": 0.2, "max_tokens": 60},
            ]
        }
    )

    prompt: Annotated[Words, AfterValidator(not_blank)] = Field(description="The question.", min_length=1)
    model: ModelName | None = Field(
        None,
        description="Model to ask this question instead of the conversation's or the configured one. "
        "A conversation that the question begins remembers it.",
    )
    system: Words | None = Field(
        None,
        description="System prompt of this question, instead of the conversation's: how the model should behave. "
        "A conversation that the question begins remembers it.",
    )
    temperature: Temperature = None
    top_p: float | None = Field(None, ge=0, le=1, description="Choose among the likeliest tokens of this share.")
    max_tokens: MaxTokens = None
    stop: _Stop | Annotated[list[_Stop], Field(min_length=1, max_length=4)] | None = Field(
        None, description="Text at which the answer ends; up to four."
    )
    seed: int | None = Field(
        None, ge=-(2**63), le=2**63 - 1, description="The same seed gives the same answer, where the model can do it."
    )
    reasoning_effort: Effort | None = Field(
        None, description="How much a model that thinks is to think; what others do with it is theirs."
    )
    json_schema: JsonSchema = None
    attachments: AttachmentIds = Field(
        default_factory=list,  # a list as the default would be copied deeply for each question
        description="Ids of files that go along, from `POST /attachments`, in the order in which they are read. "
        "`#pages=2-5,8` behind one chooses pages of it.",
    )
    conversation_id: Identifier | None = Field(None, description="Conversation this question belongs to.")
    project_id: Identifier | None = Field(
        None, description="Project of the conversation that the question begins, which is stored then."
    )
    messages: Annotated[list[MessageIn], Field(max_length=10_000)] | None = Field(
        None, description="Earlier messages that the client holds itself, oldest first; not with `conversation_id`."
    )

    parent_id: Identifier | None = Field(
        None,
        description="Message of the conversation to go on from, `root` for a new beginning; without it the last one. "
        "To edit a question, send the new words with the old question's parent.",
    )
    store: bool | None = Field(
        None,
        description="Keep question and answer: in a new conversation if none is named. Without `conversation_id` "
        "and `project_id` the default is false.",
    )

    @field_validator("project_id", "messages", "parent_id", "store")
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        """Return the value of a field that fits the fields before it; a question without any never comes here."""
        given = [name for name in ("conversation_id", "project_id", "messages") if info.data.get(name) is not None]
        if value is not None and (why := _conflict(str(info.field_name), value, given)):
            raise ValueError(why)
        return value


def _conflict(name: str, value: Any, given: list[str]) -> str | None:
    """Return why a field cannot have that value where those of the fields before it are given."""
    in_conversation, in_project = "conversation_id" in given, "project_id" in given
    if name == "parent_id":
        return None if in_conversation else "parent_id needs a conversation_id"
    if name == "project_id":
        refused = "project_id and conversation_id cannot be given together: PATCH moves a conversation"
        return refused if in_conversation else None
    if name == "messages":
        other = "conversation_id" if in_conversation else "project_id"
        return f"messages and {other} cannot be given together" if in_conversation or in_project else None
    if value:
        return "messages and store cannot be given together" if "messages" in given else None
    place = "conversation" if in_conversation else "project"
    return f"a question in a {place} is always stored" if in_conversation or in_project else None


class TurnOut(BaseModel):
    """One question and its answer, as far as it is."""

    turn_id: str
    conversation_id: str | None
    model: str
    status: TurnStatus
    answer: str
    finish_reason: str | None
    usage: UsageOut | None
    error: dict[str, Any] | None
    usage_details: UsageDetailsOut | None


class AnswerResponse(BaseModel):
    """A whole answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "gpt-4o-mini",
                    "answer": _EXAMPLE_ANSWER,
                    "conversation_id": None,
                    "turn_id": EXAMPLE_ID,
                    "finish_reason": "stop",
                    "usage": {"prompt_tokens": 11, "completion_tokens": 10, "total_tokens": 21},
                    "latency_ms": 812,
                }
            ]
        }
    )

    model: str = Field(description="Model that answered.")
    answer: str = Field(description="The answer; newlines are LF.")
    conversation_id: str | None = Field(None, description="Conversation the answer was kept in.")
    turn_id: str = Field(description="This question and answer.")
    finish_reason: str | None = Field(description="Why the model stopped: stop, length, content_filter, …")
    usage: UsageOut | None = Field(description="Null where the model server does not count.")
    latency_ms: int = Field(description="Milliseconds from the request to the last token.")
    usage_details: UsageDetailsOut | None = Field(None, description="What it took and cost; null if no call was made.")
    citations: list[Citation] | None = Field(None, description="The pages it goes by, where its server names some.")
