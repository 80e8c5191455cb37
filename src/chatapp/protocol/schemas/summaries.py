"""Summaries of the earlier messages of a conversation, as they travel."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatapp.protocol.schemas.fields import Identifier, ModelName, Strict, UsageDetailsOut, Words, not_blank

_Text = Annotated[Words, AfterValidator(not_blank)]


class NewSummary(Strict):
    """What to summarise, and by which model."""

    message_id: Identifier | None = Field(
        None, description="The answer up to which to summarise; without it all but the last two questions."
    )
    model: ModelName | None = Field(None, description="Model to ask for it instead of the conversation's.")
    text: _Text | None = Field(None, description="The summary itself; no model is asked then.")


class SummaryChanges(Strict):
    """Other words for a summary."""

    text: _Text = Field(description="What is to stand for the messages.")


class SummaryOut(BaseModel):
    """A summary: it stands for so many `messages`, up to the one `message_id`, in what models read."""

    model_config = ConfigDict(from_attributes=True)

    message_id: str
    text: str
    messages: int
    calls: list[UsageDetailsOut] = Field([], description="What each call took that it was just made by.")
