"""Costs as ratios: what we do, in units of something everybody knows that does less, both measured in one process."""

import gc
import time
from collections.abc import Callable, Iterator

import pytest

ROUNDS, MOST_ROUNDS = 12, 200
"""How often both are measured, and at most where we seem to cost too much: busy moments pass, a cost of ours stays."""

ALLOWED = 2.0
"""A ratio moves by a third from machine to machine, and by two thirds behind some tests in the same process."""

_measured: list[str] = []


@pytest.fixture
def expect_cost(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that fails if `work` costs more than `ALLOWED` times `usual` times what `reference` does."""

    def expect(work: Callable[[], object], *, usual: float, reference: Callable[[], object]) -> None:
        ratio = _ratio(work, reference, enough=ALLOWED * usual)
        _measured.append(f"{request.node.name}: {ratio:.2f} times the reference, usually {usual}")
        assert ratio < ALLOWED * usual, _measured[-1]

    return expect


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report what was measured, well or not."""
    for line in _measured:
        terminalreporter.write_line(line)


def _ratio(work: Callable[[], object], reference: Callable[[], object], *, enough: float) -> float:
    """Return what `work` costs at its best over what `reference` does; they take turns, so a bad moment meets both.

    They do so until the ratio is below `enough`, which each can come to in its own best moment.
    """
    ours, theirs = _cpu_s(work), _cpu_s(reference)
    for number in range(1, MOST_ROUNDS):
        if number >= ROUNDS and ours / theirs < enough:
            break
        ours, theirs = min(ours, _cpu_s(work)), min(theirs, _cpu_s(reference))
    return ours / theirs


def _cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of this thread: others may still be at work for tests that have ended."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


@pytest.fixture(autouse=True)
def no_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Let no test pay for log lines that pytest captures: earlier ones may have turned them on."""
    caplog.set_level("WARNING", "chatapp")


@pytest.fixture(autouse=True)
def no_garbage() -> Iterator[None]:
    """Let no test pay for the garbage of those before it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
