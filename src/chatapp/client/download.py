"""Files from the web, fetched for the person who has named their address."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from email.message import Message
from threading import Thread
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from chatapp.errors import InvalidRequestError

MOST_BYTES = 64 * 1024 * 1024
"""More than any backend takes."""

_SILENCE_S, _ALL_S = 15.0, 120.0
"""How long nothing may come, and how long all of it may take."""

_MOST_REDIRECTS = 5
_CHUNK_BYTES = 64 * 1024
_ENDINGS = {"text/html": ".html", "application/xhtml+xml": ".html"}
"""What a name needs to be read as what it is; of other kinds the first bytes tell."""


@contextmanager
def downloaded(address: str) -> Iterator[tuple[str, BinaryIO]]:
    """Return the name and the content of what is at `address`, for as long as the block lasts.

    Raises:
        InvalidRequestError: it cannot be fetched, takes too long, or is too large.
    """
    with tempfile.TemporaryFile() as content:
        name: Future[str] = Future()
        # A server that sends a letter of its headers now and then is never silent: only another thread sees the time.
        Thread(target=_fill, args=(name, address, content), name="download", daemon=True).start()
        try:
            found = name.result(_ALL_S)
        except TimeoutError:
            raise _not_fetched(address, f"it takes longer than {_ALL_S:.0f} seconds") from None
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise _not_fetched(address, type(error).__name__) from error
        content.seek(0)
        yield found, cast(BinaryIO, content)


def _fill(name: "Future[str]", address: str, content: BinaryIO) -> None:
    """Fetch what is at `address`, or end with the next byte once nobody waits and `content` is closed."""
    try:
        name.set_result(_fetch(address, content))
    except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
        name.set_exception(error)


def _fetch(address: str, content: BinaryIO) -> str:
    """Write what is at `address` into `content`, and return its name."""
    with requests.Session() as session:
        session.max_redirects = _MOST_REDIRECTS
        with session.get(address, stream=True, timeout=_SILENCE_S) as response:
            if not response.ok:
                raise _not_fetched(address, f"status {response.status_code}")
            for piece in _pieces(response):
                content.write(piece)
                if content.tell() > MOST_BYTES:
                    raise _not_fetched(address, f"it is larger than {MOST_BYTES} bytes")
            return _name_of(response)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Return what comes as soon as it does, so that a server that sends a byte now and then does not hold us.

    It is unpacked, so that a bomb is counted as what it is.
    """
    while piece := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        yield piece


def _name_of(response: requests.Response) -> str:
    """Return what a file is called: by its server, or by its address."""
    head = Message()
    head["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    parts = urlsplit(response.url)
    name = head.get_filename() or unquote(parts.path).rstrip("/").rpartition("/")[2] or parts.hostname or "page"
    ending = _ENDINGS.get(response.headers.get("Content-Type", "").partition(";")[0].strip().lower(), "")
    return name if name.lower().endswith((ending, ".htm")) else f"{name}{ending}"


def _not_fetched(address: str, why: str) -> InvalidRequestError:
    shown = urlsplit(address)._replace(query="", fragment="").geturl().rpartition("@")[2]
    return InvalidRequestError(f"{shown} cannot be fetched ({why}).", hint="Save it yourself, and attach the file.")
