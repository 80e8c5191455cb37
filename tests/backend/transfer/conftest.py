"""Importing things."""

from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.transfer.importers import Imports, Receipt
from support.foreign_exports import write_json
from support.imported import Bring


@pytest.fixture
def bring(store: Store, tmp_path: Path) -> Bring:
    """A function that imports conversations, a document or bytes."""

    def bring(*documents: Any, name: str = "conversations.json") -> Receipt:
        path = tmp_path / name
        if isinstance(documents[0], bytes):
            path.write_bytes(documents[0])
        else:
            write_json(path, documents[0] if isinstance(documents[0], list) else list(documents))
        return Imports(store.database).read(path, owner="ada")

    return bring
