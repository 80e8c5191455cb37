"""The projects that the backend keeps, as far as this session has looked at them."""

import time

from chatapp.client import BackendClient
from chatapp.errors import BackendProtocolError, ChatappError, MethodNotAllowedError, NotFoundError
from chatapp.protocol.project_resources import ProjectInfo

FRESH_S = 15.0
FOLDED = 5
"""How many are shown before somebody wants to see all."""


class ProjectListing:
    """All projects, the one last talked in first. `is_unfolded`: all of them are shown."""

    def __init__(self) -> None:
        self.items: tuple[ProjectInfo, ...] = ()
        self.is_supported = True
        self.is_unfolded = False
        self._fetched_at: float | None = None

    def refresh(self, client: BackendClient) -> None:
        """Fetch the projects if they were not looked at just now; where that fails, keep what is known."""
        now = time.monotonic()
        if self._fetched_at is not None and now - self._fetched_at <= FRESH_S:
            return
        self._fetched_at = now
        try:
            self.items, self.is_supported = client.projects.all(), True
        except (BackendProtocolError, NotFoundError, MethodNotAllowedError):
            self.items, self.is_supported = (), False
        except ChatappError:
            return

    def expire(self) -> None:
        """Fetch the projects again the next time: something in them has changed."""
        self._fetched_at = None

    def find(self, project_id: str | None) -> ProjectInfo | None:
        """Return a project, None where there is none of that id."""
        return next((item for item in self.items if item.id == project_id), None)

    @property
    def shown(self) -> tuple[ProjectInfo, ...]:
        """Those that are shown."""
        return self.items if self.is_unfolded else self.items[:FOLDED]
