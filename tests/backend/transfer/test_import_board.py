"""Workers of one backend tell each other of their imports."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatapp.backend.store import Store
from chatapp.backend.transfer.import_board import ImportBoard
from chatapp.backend.transfer.import_desk import ImportDesk, RunningImport
from chatapp.backend.transfer.importers import Imports
from chatapp.errors import NotFoundError

DEADLINE_S = 20

sqlite = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Callable[[], ImportDesk]:
    """Return the desk of one more worker."""

    def worker() -> ImportDesk:
        return ImportDesk(Imports(store.database), is_closing=lambda: False, board=ImportBoard(tmp_path))

    return worker


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110 - a file in another's folder
            await asyncio.sleep(0.01)


@sqlite
def test_import_is_seen_and_cancelled_at_another_worker(desk: Callable[[], ImportDesk]) -> None:
    here, there = desk(), desk()

    async def arrive() -> str | None:
        async with here.admitted(owner="ada", size=100) as running:
            running.receive(7)
            await until(lambda: there.running(owner="ada"))
            (seen,) = there.running(owner="ada")
            assert (seen.id, seen.state, seen.bytes_total) == (running.id, "receiving", 100)
            assert there.running(owner="bob") == []
            with pytest.raises(NotFoundError):
                there.cancel(running.id, owner="bob")
            there.cancel(running.id, owner="ada")
            await asyncio.sleep(DEADLINE_S)  # ended long before
        (skipped,) = running.receipt.skipped
        return skipped.why

    assert "was cancelled" in str(asyncio.run(arrive()))
    assert there.running(owner="ada") == []


def test_imports_of_a_worker_that_was_killed_are_over(tmp_path: Path) -> None:
    ImportBoard(tmp_path).tell([RunningImport(owner="ada", is_closing=lambda: False).told()])
    (told,) = tmp_path.glob("imports-*")
    assert len(ImportBoard(tmp_path).others()) == 1
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(DEADLINE_S)
    told.rename(tmp_path / told.name.replace(str(os.getpid()), str(gone.pid)))
    assert ImportBoard(tmp_path).others() == []


@sqlite
@pytest.mark.parametrize("content", [b"", b"{", b'[{"id":1}]'])
def test_what_cannot_be_read_of_others_is_passed_over(
    content: bytes, desk: Callable[[], ImportDesk], tmp_path: Path
) -> None:
    (tmp_path / f"imports-{os.getpid()}-x.json").write_bytes(content)
    (tmp_path / "imports-x.json").write_bytes(content)
    assert desk().running(owner="ada") == []
