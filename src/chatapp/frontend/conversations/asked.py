"""What the backend is asked while the page goes on with what it knows."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from chatapp.errors import ChatappError

T = TypeVar("T")


def asked(ask: Callable[[], T]) -> Future[T]:
    """Return at once what `ask` returns or raises later, in a thread of its own."""
    answer = Future[T]()
    threading.Thread(target=_run, args=(ask, answer), name="asked", daemon=True).start()
    return answer


def _run(ask: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(ask())
    except ChatappError as error:
        answer.set_exception(error)
    finally:  # a defect, which Python reports for the thread, must not be waited for
        answer.cancel()
