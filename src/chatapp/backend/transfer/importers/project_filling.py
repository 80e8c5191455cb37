"""The files of projects that an import has made."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chatapp.backend.store.imported import PROJECT_FILE, ImportedProject
from chatapp.backend.transfer.importers.assets import Assets
from chatapp.backend.transfer.importers.receipt import Receipt
from chatapp.errors import ChatappError, StoreUnavailableError

Fill = Callable[[str, str, str], object]
"""Makes an attachment a file of a project, both by their ids, for an owner.

Raises `ChatappError` where it cannot be one.
"""


@dataclass(slots=True)
class ProjectFilling:
    """Gives each project its files once; without `fill` none has any, which the receipt says."""

    owner: str
    receipt: Receipt
    assets: Assets
    fill: Fill | None = None
    _filled: set[str] = field(default_factory=set)

    def take(self, project: ImportedProject, project_id: str) -> None:
        """Add the files of a project to the one that it is here.

        Raises:
            StoreUnavailableError: they cannot be saved now.
        """
        if project_id in self._filled:
            return
        self._filled.add(project_id)
        come = self.assets.files(project.files) if self.fill else []
        missing = len(project.files) - sum(self._is_added(project_id, str(file.content_id)) for file in come)
        if missing:
            self.receipt.skip(project.name, PROJECT_FILE, missing)

    def _is_added(self, project_id: str, attachment_id: str) -> bool:
        try:
            if self.fill is not None:
                self.fill(project_id, attachment_id, self.owner)
        except StoreUnavailableError:
            raise
        except ChatappError:
            return False
        return True
