"""What happens when this process is asked to stop."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from types import FrameType


def leave_when_stopped() -> None:
    """Let SIGTERM and Ctrl-C end this process at once, with exit code 0: it only loads, and has nothing to clean up."""
    signal.signal(signal.SIGTERM, _leave)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored, as behind `&`
        signal.signal(signal.SIGINT, _leave)


@contextmanager
def until_stopped() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the block, by a KeyboardInterrupt in the main thread, so that it cleans up."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    end_with_terminal()
    with suppress(KeyboardInterrupt):
        yield


def end_with_terminal() -> None:
    """Do what SIGTERM does when the terminal is closed, unless its leaving is to be ignored, as by `nohup`."""
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


@contextmanager
def as_terminals_end_before() -> Iterator[None]:
    """Have a terminal that is closed do what it did before the block."""
    if sys.platform == "win32":
        yield
        return
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def on_stop_signal(call: Callable[[], object]) -> None:
    """Have `call` called as soon as this process is asked to stop, before what happens then anyway.

    A second Ctrl-C ends the process at once.
    """
    _add_handler(call, signal.SIGTERM)
    _add_handler(call, signal.SIGINT, is_final_twice=True)


def leave_within(seconds: float, *, last_words: Callable[[], object]) -> None:
    """End this process after `seconds`, behind `last_words`, unless it has ended by itself.

    A thread that waits for a disk, or for a lock that another process holds, cannot be cancelled, and would be waited
    for.
    """

    def leave() -> None:
        last_words()
        os._exit(0)

    timer = Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)


def _add_handler(call: Callable[[], object], number: signal.Signals, *, is_final_twice: bool = False) -> None:
    usual = signal.getsignal(number)
    received = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if is_final_twice and received > 1:
            os._exit(0)
        call()
        if callable(usual):
            usual(number, frame)

    signal.signal(number, handle)
