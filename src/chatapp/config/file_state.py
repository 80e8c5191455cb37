"""Whether a file that is read again when it changes has changed."""

from pathlib import Path


def state_of(file: Path) -> tuple[int, ...]:
    """Return what is another once the file has changed; nothing where there is none."""
    try:
        stat = file.stat()
    except OSError:
        return ()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
