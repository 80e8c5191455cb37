"""Threads that everybody shares and nobody fills: what one owner has waiting does not keep others waiting."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

_Job = tuple[Future[Any], Callable[[], Any]]


class FairPool:
    """Does `at_once` works at a time, `of_one` for one owner; where several owners have works that wait, in turn."""

    def __init__(self, at_once: int, *, of_one: int, name: str) -> None:
        self._at_once, self._of_one = at_once, of_one
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._lock = Lock()
        self._is_closed = False

    def submit(self, work: Callable[[], T], *, owner: str) -> "Future[T]":
        """Return what will hold the result of `work`, which is begun when it is its owner's turn.

        Raises:
            RuntimeError: the pool is closed.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the pool is closed")
            self._waiting.setdefault(owner, deque()).append((future, work))
            self._begin_some()
        return future

    def close(self) -> None:
        """Begin no more works; those that wait are cancelled, those that run go on."""
        with self._lock:
            self._is_closed = True
            waiting = [future for jobs in self._waiting.values() for future, _ in jobs]
            self._waiting.clear()
        for future in waiting:
            future.cancel()
        self._threads.shutdown(wait=False)

    def _begin_some(self) -> None:
        """Begin what there is room for; to be called with the lock."""
        while self._running.total() < self._at_once:
            owner = next((one for one in self._waiting if self._running[one] < self._of_one), None)
            if owner is None:
                return
            jobs = self._waiting.pop(owner)
            future, work = jobs.popleft()
            if jobs:
                self._waiting[owner] = jobs  # behind all others
            if future.set_running_or_notify_cancel():
                self._running[owner] += 1
                self._threads.submit(self._do, owner, future, work)

    def _do(self, owner: str, future: "Future[T]", work: Callable[[], T]) -> None:
        try:
            tell = partial(future.set_result, work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            tell = partial(future.set_exception, error)
        with self._lock:
            self._running[owner] -= 1
            self._running += Counter()  # without those of whom nothing runs
            if not self._is_closed:
                self._begin_some()
        tell()
