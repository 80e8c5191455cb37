"""Empty stores in files, as copies of one: that takes a tenth of the time in which one is made."""

import tempfile
from functools import cache
from pathlib import Path

from chatapp.backend.store import Store
from chatapp.backend.store.database import FILE_NAME
from chatapp.config.settings import Settings


def put_empty_store(data_dir: Path) -> None:
    """Leave an empty store in `data_dir`, unless one is there."""
    file = data_dir / FILE_NAME
    if file.exists():
        return
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(_empty_store())


@cache
def _empty_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Store.open(Settings(data_dir=Path(folder), database_url=None)).close()
        return (Path(folder) / FILE_NAME).read_bytes()
