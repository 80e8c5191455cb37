"""What a server says to one request, or nothing if it is not there yet: for waiting until it is, and for finding it."""

from http.client import OK, HTTPConnection, HTTPException

_MAX_BYTES = 1024 * 1024


def fetch(host: str, port: int, path: str, *, timeout_s: float = 1.0) -> bytes | None:
    """Return the first megabyte of what `GET path` answers with status 200; None for anything else, or nobody."""
    connection = HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        with connection.getresponse() as response:
            return response.read(_MAX_BYTES) if response.status == OK else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def is_answering(host: str, port: int, path: str) -> bool:
    """Return whether `GET path` is answered with status 200."""
    return fetch(host, port, path) is not None
