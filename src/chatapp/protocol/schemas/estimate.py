"""What would go to the model with a question that is not asked yet, as it travels."""

from pydantic import BaseModel, ConfigDict, Field

from chatapp.protocol.schemas.fields import Words
from chatapp.protocol.schemas.query import QueryRequest


class EstimateRequest(QueryRequest):
    """A question that is not asked yet; without words, the next one of a conversation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "What is Python?"}, {}]})

    prompt: Words = Field("", description="The question, as far as it is written.")


class EstimateOut(BaseModel):
    """What would go to the model with a question."""

    model: str = Field(description="Model that would be asked.")
    messages: int = Field(description="How many messages go along, the question among them; instructions are none.")
    left_out: int = Field(description="How many earlier messages find no room.")
    summarised: int = Field(0, description="How many earlier messages a summary stands for.")
    prompt_tokens: int = Field(description="About how many tokens that is.")
    window: int | None = Field(description="Tokens the model can read, null where nobody knows.")
    share: float | None = Field(description="How much of the window that is.", examples=[0.03])
    cost: str | None = Field(description="Dollars for what goes along; null where the price is not known.")
    price_source: str | None = Field(description="Who knows it: list, connection or local.")
    notices: list[str] = Field(description="What would be left out of files, in sentences.")
