"""What comes in under `/v1/messages` and goes out, in Anthropic's words: https://docs.anthropic.com/en/api/messages."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chatapp.backend.gateway.schemas import Json, TokenLimit, Tolerant
from chatapp.protocol.schemas.fields import ModelName, Words


class MessagesRequest(Tolerant):
    """A message to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"max_tokens": 1024, "messages": [{"role": "user", "content": "What is Python?"}]}]
        }
    )

    messages: Annotated[list[Json], Field(min_length=1, max_length=100_000)] = Field(
        description="All that was said, oldest first, with tools' results and pictures as Anthropic has them."
    )
    model: ModelName | None = Field(None, description="One of `GET /v1/models`; without it the default.")
    system: Words | list[Json] | None = Field(None, description="System prompt of this question.")
    max_tokens: TokenLimit | None = None
    stop_sequences: Annotated[list[Words], Field(max_length=16)] | None = None
    stream: bool | None = Field(None, description="Answer in events while the model speaks.")
    tools: list[Json] | None = Field(
        None, description="Tools of the client's; beside them those of Anthropic's are left out."
    )
    tool_choice: Json | None = None
    thinking: Json | None = Field(None, description="Unless it is disabled, the answer holds what the model thought.")
    thread: Json | None = Field(None, description="Not served here: all that was said comes with each question.")
    output_config: Json | None = Field(None, description="Of it `format`.")


class InputTokens(BaseModel):
    """About how many tokens a question is; no model server tells before it answers."""

    input_tokens: int


class AnthropicError(BaseModel):
    """What went wrong."""

    type: str
    message: str
    details: Json | None = Field(
        None, description="Where a `thread` is refused, what Anthropic's clients know that by."
    )


class AnthropicErrorResponse(BaseModel):
    """Every answer outside 2xx."""

    type: Literal["error"]
    error: AnthropicError
