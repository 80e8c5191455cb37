"""How many files and connections this process may have open."""

from contextlib import suppress

_UNLIMITED = 65_536
"""What is asked for where the system names no limit; macOS then has one all the same, and refuses more."""


def raise_descriptor_limit() -> None:
    """Let this process, and those it starts, have as many open as the system allows: every answer takes two."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows, nor such a limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _UNLIMITED if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
