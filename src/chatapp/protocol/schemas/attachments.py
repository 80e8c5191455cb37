"""Files that go along with questions, as they travel."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AttachmentOut(BaseModel):
    """A file that can go along with questions, for an hour; for good once a stored conversation holds it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="SHA-256 of the file, in hex.")
    name: str
    media_type: str
    kind: Literal["text", "image", "audio"] = Field(description="What a model gets: its words, pixels or sound.")
    size: int = Field(description="Bytes.")
    pages: int | None = Field(description="Pages, slides or sheets, where there are some.")
    notes: list[str] = Field(description="What models do not get of it, in sentences.")
    created_at: datetime


class AttachmentPreviewOut(BaseModel):
    """What a model gets of a file."""

    tokens: int = Field(description="About how much a model reads of it.")
    text: str = Field(description="The beginning of its text as Markdown, 4,000 characters at most.")
    picture: str | None = Field(description="The picture as a data URL: upright, small, without places.")


class AttachmentList(BaseModel):
    """All attachments of one person, the newest first."""

    items: list[AttachmentOut]
    size: int = Field(description="Bytes of all together.")
