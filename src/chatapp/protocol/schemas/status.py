"""Whether the backend, its model and its store are well, and which models there are."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WAIT = "Wait."
"""How the hint on a dependency begins that has not answered yet, and may only be slow."""


class Health(BaseModel):
    """The backend runs. Says nothing of the model."""

    status: Literal["healthy"] = "healthy"
    service: Literal["llm-query-api"] = "llm-query-api"
    version: str = Field(examples=["1.0.0"])


class Dependency(BaseModel):
    """Something the backend needs. `detail` and `hint` say what is wrong and what to do where `ok` is false."""

    model_config = ConfigDict(extra="allow")

    ok: bool
    latency_ms: int = Field(description="Milliseconds the check took.")
    detail: str | None = None
    hint: str | None = None


class ModelDependency(Dependency):
    """The model server."""

    name: str = Field(description="Model that is asked by default.", examples=["gpt-4o-mini"])
    provider: str = Field(examples=["OpenAI"])
    reason: str = Field(description="Why this model was chosen.", examples=["OPENAI_API_KEY is set"])
    is_demo: bool = Field(description="True for the small embedded model.")
    note: str | None = Field(None, description="What is worth knowing although all is well.")


class ConnectionDependency(Dependency):
    """A model server, as it was last seen."""

    name: str = Field(examples=["groq"])
    provider: str = Field(examples=["Groq"])
    reason: str = Field(description="Why it is there.", examples=["[connections.groq] names it"])
    is_demo: bool = Field(description="True for the small embedded model.")
    note: str | None = Field(None, description="What is worth knowing although all is well.")


class ListedModel(BaseModel):
    """A model of a connection."""

    id: str = Field(description="What a question's `model` is to be.", examples=["groq/llama-3.1-8b-instant"])
    name: str = Field(description="What it is called among those of its connection.")
    window: int | None = Field(None, description="Tokens it can read, where somebody has said so.")
    images: bool | None = Field(None, description="Whether it takes pictures, where that is known.")
    audio: bool | None = Field(None, description="Whether it takes sound, where that is known.")


class ConnectionModels(ConnectionDependency):
    """A model server, as it was last seen, and its models as far as they are known."""

    models: list[ListedModel]
    without: list[str] = Field(description="What it cannot do, as somebody has said.", examples=[["tools"]])


class Route(BaseModel):
    """A name for several models, of which the first that can answers."""

    name: str = Field(examples=["fast"])
    models: list[str] = Field(description="In the order in which they are asked.")


class Readiness(BaseModel):
    """Whether a question asked now would be answered by the model that is asked by default."""

    status: Literal["ready", "not_ready"]
    model: ModelDependency
    store: Dependency
    connections: list[ConnectionDependency] = Field(
        description="All model servers; a question may name a model of each."
    )


class Models(BaseModel):
    """The models that can be asked."""

    default: str = Field(description="Model that is asked by default.", examples=["gpt-4o-mini"])
    models: list[str] = Field(description="All of them, the default first.", examples=[["gpt-4o-mini", "gpt-4o"]])
    connections: list[ConnectionModels] = Field(description="The model servers, each with its models.")
    routes: list[Route] = Field(description="Names for several models.")
