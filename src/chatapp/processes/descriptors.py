"""How many files and connections this process may have open."""

from contextlib import suppress
from typing import Protocol

from chatapp.errors import SettingsError

RESERVED = 32
"""What is kept for the connections to the model and for files, and for telling the others that there are too many."""

_LEAST = 64
"""With fewer there would be none left for who asks."""

_UNLIMITED = 65_536
"""What is asked for where the system names no limit; macOS then has one all the same, and refuses more."""


def raise_descriptor_limit() -> None:
    """Let this process, and those it starts, have as many open as the system allows: every answer takes two.

    Raises:
        SettingsError: these are so few that nobody could be answered.
    """
    try:
        import resource  # noqa: PLC0415 - there is none on Windows, nor such a limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _UNLIMITED if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    limit = descriptor_limit()
    if limit is not None and limit < _LEAST:
        raise SettingsError(
            f"The system allows {limit} open files, and {_LEAST} are needed.", hint="Raise `ulimit -n`."
        )


class HasDescriptor(Protocol):
    """A file or a connection."""

    def fileno(self) -> int:
        """Return the number of its descriptor."""
        ...


def is_nearly_last_descriptor(opened: HasDescriptor | None) -> bool:
    """Return whether hardly anything more can be opened beside `opened`: descriptors are numbered from below."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return False
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return opened is not None and soft != resource.RLIM_INFINITY and opened.fileno() >= soft - RESERVED


def descriptor_limit() -> int | None:
    """Return how many descriptors this process may have, None where there is no limit."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else int(soft)
