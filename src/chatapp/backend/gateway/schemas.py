"""What comes in under `/v1` and goes out, in OpenAI's words: https://platform.openai.com/docs/api-reference."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chatapp.protocol.schemas.fields import ModelName, Words

Json = dict[str, Any]
"""An object of JSON, as clients send and read it."""

TokenLimit = Annotated[int, Field(ge=1, le=10_000_000)]


def _refused(why: str) -> BeforeValidator:
    """Return what refuses a field, unless it is as if it were not there."""

    def absent(value: object) -> object:
        if value:
            raise ValueError(why)
        return value

    return BeforeValidator(absent)


class Tolerant(BaseModel):
    """What comes in: the fields that we use as their types say; others are passed on to the model server."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)

    def passed_on(self, *ours: str) -> Json:
        """Return all that was given but for `ours`, and for what is null."""
        given = {**{name: getattr(self, name) for name in self.model_fields_set}, **(self.model_extra or {})}
        return {name: value for name, value in given.items() if value is not None and name not in ours}


def object_in(text: str | bytes) -> Json:
    """Return the JSON object that a text is, empty where it is none."""
    try:
        told = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


class StreamOptions(BaseModel):
    """What else a stream is to hold."""

    include_usage: bool | None = Field(None, description="Count tokens in a last chunk.")


class ChatRequest(Tolerant):
    """A chat completion to make."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"messages": [{"role": "user", "content": "What is Python?"}]}]}
    )

    messages: Annotated[list[Json], Field(min_length=1, max_length=100_000)] = Field(
        description="All that was said, oldest first, with tools' results and pictures as OpenAI has them."
    )
    model: ModelName | None = Field(None, description="One of `GET /v1/models`; without it the default.")
    stream: bool | None = Field(None, description="Answer in chunks while the model speaks.")
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = Field(None, description="One answer, not several.")
    max_tokens: TokenLimit | None = None
    max_completion_tokens: TokenLimit | None = None
    stop: Words | Annotated[list[Words], Field(max_length=16)] | None = None
    store: bool | None = Field(None, description="False keeps nothing of it.")


class ResponseRequest(Tolerant):
    """A response to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"input": "What is Python?"}]})

    input: Words | Annotated[list[Json], Field(min_length=1, max_length=100_000)] = Field(
        description="The question, or what was said, with calls of functions and their results."
    )
    model: ModelName | None = Field(None, description="One of `GET /v1/models`; without it the default.")
    instructions: Words | None = Field(None, description="System prompt of this question.")
    previous_response_id: Words | None = Field(None, description="A response that was kept: it goes on behind it.")
    stream: bool | None = Field(None, description="Answer in events while the model speaks.")
    store: bool | None = Field(None, description="False keeps nothing of it.")
    tools: list[Json] | None = Field(
        None, description="Functions, tools that take free text, and namespaces of both; others are left out."
    )
    tool_choice: Words | Json | None = None
    max_output_tokens: TokenLimit | None = None
    text: Json | None = None
    reasoning: Json | None = None
    include: list[Any] | None = Field(None, description="Of it `message.output_text.logprobs`.")
    background: Annotated[
        Literal[False] | None, _refused("No response is made in the background here; leave it out, and stream")
    ] = Field(None, description="Not served here.")
    conversation: Annotated[None, _refused("No conversation goes by an id here; go on with previous_response_id")] = (
        Field(None, description="Not served here; `previous_response_id` is.")
    )
    prompt: Annotated[None, _refused("No prompt goes by an id here; send its text as instructions")] = Field(
        None, description="Not served here."
    )


class EmbeddingRequest(Tolerant):
    """Embeddings to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"input": "Python is a language."}]})

    input: Any = Field(description="A text, several, or their tokens.")
    model: ModelName | None = Field(None, description="One of the model server's; without it the default.")


class CompletionRequest(Tolerant):
    """A text to complete, as before there were chats; editors ask so, which complete code, and evaluations."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "Python is", "max_tokens": 16}]})

    prompt: Any = Field(description="A text, several, or their tokens.")
    model: ModelName | None = Field(None, description="One of `GET /v1/models`; without it the default.")
    max_tokens: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    stream: bool | None = Field(None, description="Answer in an event; it comes as a whole.")
    n: Literal[1] | None = Field(None, description="One answer to each text, not several.")
    best_of: Literal[1] | None = None
    logprobs: Annotated[int, Field(ge=0, le=100)] | None = None


class OpenAIError(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIErrorResponse(BaseModel):
    """Every answer outside 2xx."""

    error: OpenAIError


class ModelOut(BaseModel):
    """A model that can be asked, `owned_by` the connection it is asked over; nobody knows when it was `created`."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


class ModelList(BaseModel):
    """All models that can be asked, the default first."""

    object: Literal["list"] = "list"
    data: list[ModelOut]
