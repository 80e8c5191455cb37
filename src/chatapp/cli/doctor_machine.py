"""What `chatapp doctor` looks at on this machine: ports, the store, the disk and descriptors."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from chatapp.backend.store.database import FILE_NAME
from chatapp.backend.store.whose_tables import require_our_file
from chatapp.cli.backends import connect, is_healthy
from chatapp.cli.finding import Finding
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError
from chatapp.processes.descriptors import descriptor_limit, raise_descriptor_limit
from chatapp.processes.http_probe import fetch
from chatapp.processes.ports import require_free_ports

LITTLE_DISK_BYTES = 500 * 1024 * 1024
FEW_DESCRIPTORS = 1024
"""What hundreds of answers at a time need: each takes two."""
REACH_S = 3.0


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def examine_machine(
    settings: Settings,
    *,
    free_bytes: Callable[[Path], int] = _free_bytes,
    most_descriptors: Callable[[], int | None] = descriptor_limit,
) -> list[Finding]:
    """Return what was found."""
    return [
        _port(settings, "PORT", settings.port),
        _port(settings, "UI_PORT", settings.ui_port),
        _store(settings),
        _disk(settings.data_dir, free_bytes),
        _descriptors(most_descriptors),
    ]


def _port(settings: Settings, setting: str, port: int) -> Finding:
    name = setting.lower()
    try:
        require_free_ports(settings.host, **{setting: port})
    except ChatappError as error:
        if _is_ours(setting, port):
            return Finding(name, "ok", f"{port} is chatapp's own, which runs")
        return Finding(name, "fail", error.detail.rstrip("."), error.hint)
    return Finding(name, "ok", f"{port} is free")


def _is_ours(setting: str, port: int) -> bool:
    if setting == "UI_PORT":
        return fetch("127.0.0.1", port, "/_stcore/health", timeout_s=REACH_S) is not None
    with connect(f"http://127.0.0.1:{port}") as backend:
        return is_healthy(backend)


def _store(settings: Settings) -> Finding:
    if settings.database_url is not None:
        return _database(settings.database_url.get_secret_value())
    try:
        with TemporaryFile(dir=_existing(settings.data_dir)) as file:
            file.write(b"chatapp")
    except OSError as error:
        said = f"{settings.data_dir} cannot be written: {error.strerror}"
        return Finding("store", "fail", said, "Let this user write there, or set another DATA_DIR.")
    try:
        require_our_file(settings.data_dir / FILE_NAME, busy_timeout_s=REACH_S)
    except ChatappError as error:
        return Finding("store", "fail", error.detail.rstrip("."), error.hint)
    return Finding("store", "ok", f"{settings.data_dir} can be written")


def _database(url: str) -> Finding:
    """Return whether the database's port is open; opening the store would bring an old one up to date."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or 5432
    try:
        socket.create_connection((host, port), timeout=REACH_S).close()
    except OSError:
        return Finding("store", "fail", f"no database answers on {host}:{port}", "Check DATABASE_URL.")
    return Finding("store", "ok", f"a server answers on {host}:{port}; the database was not opened")


def _disk(folder: Path, free_bytes: Callable[[Path], int]) -> Finding:
    try:
        free = free_bytes(_existing(folder))
    except OSError as error:
        return Finding("disk", "warn", f"the free space cannot be read: {error.strerror}")
    seen = f"{free // 1024**2} MB free"
    if free < LITTLE_DISK_BYTES:
        return Finding("disk", "warn", seen, "Make room, or set DATA_DIR to a larger disk.")
    return Finding("disk", "ok", seen)


def _existing(folder: Path) -> Path:
    """Return `folder`, or the one of those above it that is there and would hold it."""
    return next((path for path in (folder, *folder.parents) if path.exists()), folder)


def _descriptors(most_descriptors: Callable[[], int | None]) -> Finding:
    try:
        raise_descriptor_limit()  # as the backend does
    except ChatappError as error:
        return Finding("descriptors", "fail", error.detail.rstrip("."), error.hint)
    limit = most_descriptors()
    if limit is None:
        return Finding("descriptors", "ok", "the system sets no limit")
    if limit < FEW_DESCRIPTORS:
        return Finding("descriptors", "warn", f"{limit} at most, two for each answer", "Raise `ulimit -Hn`.")
    return Finding("descriptors", "ok", f"{limit} at most")
