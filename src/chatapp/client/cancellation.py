"""Requests that another thread can end, wherever they stand: before their answer, or in the middle of it.

`requests` has no such thing: closing a response waits for the read that is going on, and before the response's head
has arrived there is nothing to close. Here a connection knows the call it serves, and the call its socket.
"""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

REUSED_WITHIN_S = 4.0
"""How long after a request a connection takes the next: uvicorn hangs up one that is idle for five seconds, and what is
asked at that moment is lost."""


class Call:
    """What a thread asks a backend within `with call:`; `call.end()`, from any thread, hangs up.

    The thread that waits gets one of the client's errors, at once. A call is used for one request after the other.
    """

    def __init__(self) -> None:
        self.is_ended = False
        self._connection: _Endable | None = None
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        _current.call = self
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        _current.call = self._connection = self._socket = None

    def end(self) -> None:
        """Hang up now, or as soon as the call has a connection. Safe to call twice and after its end."""
        self.is_ended = True
        connection, line = self._connection, self._socket
        if line is not None and connection is not None and connection.call is self:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _goes_over(self, connection: "_Endable", line: socket.socket | None) -> None:
        self._connection, self._socket = connection, line
        if self.is_ended:
            self.end()


class _Current(threading.local):
    call: Call | None = None


_current = _Current()


class _Endable:
    """The part of a connection that knows whose request it carries; the pool gives it to one call after another."""

    call: Call | None = None
    sock: socket.socket | None
    _asked_at = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether it can take another request: the backend has not hung up, and is not about to."""
        return time.monotonic() - self._asked_at < REUSED_WITHIN_S and super().is_connected  # type: ignore[misc]

    def request(self, *args: Any, **options: Any) -> None:
        self.call, self._asked_at = _current.call, time.monotonic()
        super().request(*args, **options)  # type: ignore[misc]
        if self.call is not None:
            self.call._goes_over(self, self.sock)


class _Connection(_Endable, HTTPConnection):
    pass


class _SecureConnection(_Endable, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOL_CLASSES = {"http": _Pool, "https": _SecurePool}
"""What a urllib3 `PoolManager` takes as `pool_classes_by_scheme`."""
