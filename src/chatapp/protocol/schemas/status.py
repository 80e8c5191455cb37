"""Whether the backend, its model and its store are well, and which models there are."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
    remark: str | None = Field(None, description="What is worth knowing although all is well.")


class Readiness(BaseModel):
    """Whether a question asked now would be answered."""

    status: Literal["ready", "not_ready"]
    model: ModelDependency
    store: Dependency


class Models(BaseModel):
    """The models that can be asked."""

    default: str = Field(description="Model that is asked by default.", examples=["gpt-4o-mini"])
    models: list[str] = Field(description="All of them, the default first.", examples=[["gpt-4o-mini", "gpt-4o"]])
