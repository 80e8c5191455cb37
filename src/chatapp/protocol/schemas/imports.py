"""What imports have done, and how far they are, as it travels."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SkippedOut(BaseModel):
    """Something an import left out: `count` times the `why` in `what`."""

    what: str
    why: str
    count: int


class ImportReceipt(BaseModel):
    """What an import has done. What was read and not added was here before, or is in `skipped`."""

    sources: list[str] = Field(description="Programs the conversations come from.")
    conversations_read: int
    messages_read: int
    conversations_added: int
    messages_added: int
    projects_added: int = Field(description="Projects that were made, of which the file tells by themselves.")
    skipped: list[SkippedOut]
    skipped_more: int = Field(description="How many more were skipped than `skipped` holds.")


class RunningImportOut(BaseModel):
    """An import that is going on. Of a zip more may be read than arrived, of a database nothing is counted."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    state: Literal["receiving", "waiting", "reading"]
    started_at: datetime
    bytes_total: int | None = Field(description="Size of what is sent, as far as it is known.")
    bytes_received: int
    bytes_read: int
    conversations_read: int
    conversations_added: int
    messages_added: int


class ImportPage(BaseModel):
    """The imports that are going on."""

    items: list[RunningImportOut]
