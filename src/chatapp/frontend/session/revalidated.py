"""What is asked now and then: what was told last is there at once, and is asked for anew behind whoever looks."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

MOST_KEPT = 64
MOST_OLD_S = 30.0
"""What is older says nothing of now: it is waited for, like what was never told."""

T = TypeVar("T")


class _Cached(NamedTuple, Generic[T]):
    value: T
    at: float


class Revalidated(Generic[T]):
    """What was told last, by what it is about: fresh for `fresh_s` seconds, and for `retry_s` where it is a fault.

    However many look at once, it is asked for once.
    """

    def __init__(
        self, *, fresh_s: float, retry_s: float, is_fault: Callable[[T], bool] = lambda value: value is None
    ) -> None:
        self._fresh_s, self._retry_s, self._is_fault = fresh_s, retry_s, is_fault
        self._kept: dict[Hashable, _Cached[T]] = {}
        self._asking: dict[Hashable, Future[T]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, ask: Callable[[], T], *, patience_s: float = 0.0) -> T:
        """Return what was told last; news of what is not fresh any more are waited for `patience_s` seconds at most."""
        with self._lock:
            last, now = self._kept.get(key), time.monotonic()
            if last is not None and now - last.at <= (self._retry_s if self._is_fault(last.value) else self._fresh_s):
                return last.value
            asking = self._asking.get(key) or self._begin(key, ask)
        if last is None or now - last.at > MOST_OLD_S:
            return asking.result()
        try:
            return asking.result(patience_s)
        except TimeoutError:
            return last.value

    def _begin(self, key: Hashable, ask: Callable[[], T]) -> Future[T]:
        asking = Future[T]()
        threading.Thread(target=self._ask, args=(key, ask, asking), name="revalidated", daemon=True).start()
        self._asking[key] = asking  # nobody waits for a thread that could not start
        return asking

    def _ask(self, key: Hashable, ask: Callable[[], T], asking: Future[T]) -> None:
        try:
            value = ask()
            with self._lock:
                self._kept.pop(key, None)
                self._kept[key] = _Cached(value, time.monotonic())
                for oldest in list(self._kept)[:-MOST_KEPT]:
                    del self._kept[oldest]
            asking.set_result(value)
        finally:  # a defect, which Python reports for the thread, must not be waited for
            with self._lock:
                del self._asking[key]
            asking.cancel()
