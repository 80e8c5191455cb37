"""Costs as ratios: what we do, in units of something everybody knows that does less, both measured in one process."""

import gc
import time
from collections.abc import Callable, Iterator

import pytest

ROUNDS = 9
ALLOWED = 2.0
"""A ratio moves by a third on a busy machine; what is twice as slow has a reason that is ours."""

_measured: list[str] = []


@pytest.fixture
def expect_cost(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that fails if `work` costs more than twice `usual` times what `reference` does."""

    def expect(work: Callable[[], object], *, usual: float, reference: Callable[[], object]) -> None:
        ratio = _ratio(work, reference)
        _measured.append(f"{request.node.name}: {ratio:.2f} times the reference, usually {usual}")
        assert ratio < ALLOWED * usual, _measured[-1]

    return expect


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report what was measured, well or not."""
    for line in _measured:
        terminalreporter.write_line(line)


def _ratio(work: Callable[[], object], reference: Callable[[], object]) -> float:
    """Return what `work` costs at its best over what `reference` does; they take turns, so a bad moment meets both."""
    ours, theirs = zip(*((_cpu_s(work), _cpu_s(reference)) for _ in range(ROUNDS)), strict=True)
    return min(ours) / min(theirs)


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


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
