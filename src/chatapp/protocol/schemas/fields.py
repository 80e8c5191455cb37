"""What the bodies of several requests and answers have in common."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

EXAMPLE_ID = "0198f2c41d7e7b6a9c3e5f0a1b2c3d4e"


def without_nul(text: str) -> str:
    """Return `text` if every database can keep it. It stands behind limits of length, which else are told of items."""
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_written_out(value: object) -> object:
    """Return `value` if it is no text, or one as 2026-01-31: pydantic takes any number for seconds since 1970."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a day, as 2026-01-31")
    return value


def not_blank(text: str) -> str:
    """Return `text` if it says anything."""
    if all(letter.isspace() or letter in _INVISIBLE for letter in text):
        raise ValueError("must not be blank")
    return text


_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""What joins and parts letters where there are none."""

Words = Annotated[str, AfterValidator(without_nul)]
ModelName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(without_nul), AfterValidator(not_blank)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Temperature = Annotated[float | None, Field(ge=0, le=2, description="0 is the most predictable, 2 the most varied.")]
MaxTokens = Annotated[int | None, Field(ge=1, le=10_000_000, description="Longest answer, in tokens.")]

JsonSchema = Annotated[
    dict[str, Any] | None,
    Field(description="JSON schema that the answer is to fit. Fails where the model server takes none."),
]


class Strict(BaseModel):
    """What comes in: each field as its type says, and none that we do not know."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class UsageOut(BaseModel):
    """Tokens as the model server counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class UsageDetailsOut(BaseModel):
    """What all calls of an answer took together; retries are among them."""

    prompt_tokens: int
    completion_tokens: int = Field(description="What is paid for as the answer, thoughts among it.")
    total_tokens: int
    cached_tokens: int = Field(description="Those of the prompt that the server still had.")
    reasoning_tokens: int = Field(description="Those of the completion that were thought, not said.")
    estimated: bool = Field(description="A model server has not counted; we did, from the text.")
    cost: str | None = Field(
        description="Dollars, an exact decimal; null where the price is not known.", examples=["0.0004275"]
    )
    price_source: str | None = Field(
        description="Who knows the price: list, connection, or local, where nothing is to be paid."
    )
    first_token_ms: int | None = Field(description="Milliseconds from the call to the model to its first word.")
    tokens_per_second: float | None = Field(description="From the first word on.")
    thinking_ms: int | None = Field(
        None, description="Milliseconds from the first thought to the first word; null where nothing was thought aloud."
    )
