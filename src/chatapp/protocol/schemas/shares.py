"""Links under which conversations can be read, as they are told."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

MOST_DAYS = 365


class NewShare(BaseModel):
    """For how long a conversation is to be read by whoever has its link."""

    model_config = ConfigDict(extra="forbid", strict=True)

    days: int = Field(30, ge=1, le=MOST_DAYS, description="Days until the link leads nowhere.")


class ShareOut(BaseModel):
    """A link, without its address."""

    id: str
    conversation_id: str
    title: str | None
    created_at: datetime
    expires_at: datetime


class ShareLink(ShareOut):
    """A link that was just made."""

    path: str = Field(description="Its address on this backend, and on the page in front of it.")


class ShareList(BaseModel):
    """Links."""

    items: list[ShareOut]
