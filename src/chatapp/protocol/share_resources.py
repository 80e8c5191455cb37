"""Links to conversations, as a client holds them; see `resources`."""

from datetime import datetime
from typing import NamedTuple


class ShareInfo(NamedTuple):
    """A link under which a conversation is read; `path` is its address, told once."""

    id: str
    conversation_id: str
    created_at: datetime
    expires_at: datetime
    title: str | None = None
    path: str | None = None
