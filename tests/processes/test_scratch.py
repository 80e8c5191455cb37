"""Scratch folders: gone with their process, at the latest when the next one begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatapp.processes.scratch import scratch_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept there")
PREFIX = "chatapp-test-"
KILLED = f"""
import os, signal
from chatapp.processes.scratch import scratch_folder
with scratch_folder({PREFIX!r}) as folder:
    (folder / "counts.db").write_text("7")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_folder_is_gone_behind_its_block(folders: Path) -> None:
    with scratch_folder(PREFIX) as folder:
        (folder / "counts.db").write_text("7")
        assert list(folders.iterdir()) == [folder]
    assert not list(folders.iterdir())


def test_folder_of_a_killed_process_is_removed_by_the_next(folders: Path) -> None:
    command, env = [sys.executable, "-c", KILLED], {**os.environ, "TMPDIR": str(folders)}
    killed = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert list(folders.iterdir()) == [Path(killed.stdout.strip())]
    with scratch_folder(PREFIX) as folder:
        assert list(folders.iterdir()) == [folder]


def test_folders_that_are_in_use_or_somebody_elses_stay(folders: Path) -> None:
    (elsewhere := folders / "elsewhere").mkdir()
    (elsewhere / ".lock").touch()
    (folders / f"{PREFIX}link").symlink_to(elsewhere)
    (folders / f"{PREFIX}without-a-lock").mkdir()
    before = set(folders.iterdir())
    with scratch_folder(PREFIX) as first, scratch_folder(PREFIX) as second:
        assert set(folders.iterdir()) == {*before, first, second}
    assert set(folders.iterdir()) == before
    assert (elsewhere / ".lock").exists()
