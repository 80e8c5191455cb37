"""Writes that wait for each other anyway, made together: SQLite takes one transaction at a time.

A thread that finds others waiting does their work with its own, over one connection, whose caches stay warm. With one
transaction each, eight threads took 40 % more CPU for the same rows, most of it to open connections and to look whether
their turn has come.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Lock, Semaphore
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from chatapp.errors import ChatappError, StoreUnavailableError

T = TypeVar("T")


class Write(Protocol):
    """What begins a transaction, as `Database.write` does."""

    def __call__(self, *, survives_power_cut: bool) -> AbstractContextManager[Connection]:
        """Return a connection whose changes are committed together when the block ends, or not at all."""
        ...


class Job(Generic[T]):
    """One piece of work and what came of it. It may be done again, where another one spoils the transaction."""

    def __init__(self, work: Callable[[Connection], T], *, survives_power_cut: bool) -> None:
        self.survives_power_cut = survives_power_cut
        self.is_over = False
        self._calls = Semaphore(0)
        self._work = work
        self._given: T
        self._error: BaseException | None = RuntimeError("Nobody has done this yet.")

    def do_in(self, connection: Connection) -> None:
        """Do it, within a transaction that is not over with that."""
        self._given = self._work(connection)

    def end(self, error: BaseException | None = None) -> None:
        """Note that it is committed, or what it met."""
        self._error, self.is_over = error, True
        self._calls.release()

    def call_to_lead(self) -> None:
        """Let the thread that waits do what waits with it."""
        self._calls.release()

    def wait(self) -> None:
        """Wait until it is over, or until it is for this thread to do what waits."""
        self._calls.acquire()

    def result(self) -> T:
        """Return what it gives once it is over; what it raises has changed nothing."""
        if self._error is not None:
            raise self._error
        return self._given


class WriteLane:
    """Runs pieces of work one after the other, those that wait at the same moment in one transaction."""

    def __init__(self) -> None:
        self._waiting: list[Job[Any]] = []
        self._is_led = False
        self._lock = Lock()

    def run(self, jobs: Sequence[Job[Any]], write: Write) -> None:
        """Do `jobs`, one at least, and return once each is committed by `write`, or has failed: its `result` tells."""
        with self._lock:
            self._waiting += jobs
            leads, self._is_led = not self._is_led, True
        if not leads:
            jobs[0].wait()
        if jobs[0].is_over:
            for job in jobs[1:]:  # the same thread ends them, one after the other
                job.wait()
            return
        try:
            do_together(self._take(), write)
        finally:
            self._hand_on()

    def _take(self) -> list[Job[Any]]:
        with self._lock:
            jobs, self._waiting = self._waiting, []
        return jobs

    def _hand_on(self) -> None:
        """Let another thread lead: nobody does the work of those who come later, however many there are."""
        with self._lock:
            self._is_led = bool(self._waiting)
            if self._is_led:
                self._waiting[0].call_to_lead()


def do_together(jobs: Sequence[Job[Any]], write: Write) -> None:
    """Do all in one transaction, or each in its own where one of them has spoiled it: what it raises is its own."""
    try:
        with write(survives_power_cut=any(job.survives_power_cut for job in jobs)) as connection:
            for job in jobs:
                job.do_in(connection)
    except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
        if len(jobs) > 1 and not isinstance(error, StoreUnavailableError):
            for job in jobs:
                do_together([job], write)
        else:
            _end(jobs, error)
    else:
        _end(jobs)


def _end(jobs: Sequence[Job[Any]], error: BaseException | None = None) -> None:
    for job in jobs:
        job.end(error.fresh() if isinstance(error, ChatappError) and len(jobs) > 1 else error)
