"""Deadlines are on what the model says, not on the bytes its server sends, and count from the question on."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from chatapp.backend.turns import runner
from chatapp.errors import UpstreamTimeoutError
from chatapp.protocol.events import Event, Text
from support import scripts
from support.results import PROMPT, Ask, assert_says_nothing_of_others, streamed, whole
from support.running_backend import RunningBackend, backend_before
from support.scripts import NULL_DELTA, Script, answer, delta, later, pings, raw, silence, status
from support.stub_model import StubModel

pytestmark = pytest.mark.faults

FIRST_S, GAP_S, TOTAL_S = 0.8, 0.6, 3.0
SLACK_S = 3.0
"""By how much a busy machine may be late."""
SECRET = [{"type": "reasoning.encrypted", "data": "x", "index": 0}]
whole_and_streamed = pytest.mark.parametrize("ask", [whole, streamed], ids=["whole", "streamed"])

BEGUN_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"


@pytest.fixture(scope="module")
def hasty(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBackend]:
    """A backend with little patience."""
    deadlines = {"first_content_timeout": FIRST_S, "gap_timeout": GAP_S, "total_timeout": TOTAL_S}
    with backend_before(model, tmp_path_factory.mktemp("data"), **deadlines) as backend:
        backend.client.ready()  # the first question must not wait for an import
        yield backend


NOT_BEGUN: dict[str, Script] = {
    "nothing at all": silence,
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-", silence),
    "headers": answer(silence, role=False),
    "headers, late": later(0.3, answer(silence, role=False)),
    "comments": answer(pings, role=False),
    "a role": answer(silence),
    "a role and comments": answer(pings),
    "empty pieces": answer(*["", 0.1] * 50),
    "null deltas": answer(*[NULL_DELTA, 0.1] * 50),
    "no choices": answer(*[{"choices": []}, 0.1] * 50),
    "empty reasoning": answer(*[delta(reasoning_content=""), 0.1] * 50),
    "half a chunk": answer(b'data: {"choices":', silence),
    "half of a JSON body": raw(BEGUN_JSON, silence),
}

FALLEN_SILENT: dict[str, Script] = {
    "after three words": answer("a", "b", "c", silence),
    "but for comments": answer("a", pings),
    "but for empty pieces": answer("a", *["", 0.1] * 50),
    "after a thought": answer(delta(reasoning_content="hm"), silence),
    "within a chunk": answer("a", b'data: {"choices":', silence),
}


@whole_and_streamed
@pytest.mark.parametrize("script", NOT_BEGUN.values(), ids=NOT_BEGUN.keys())
def test_a_model_that_does_not_begin_is_given_up(
    script: Script, ask: Ask, hasty: RunningBackend, model: StubModel
) -> None:
    model.next(script)
    took_s = assert_times_out(ask, hasty, model, setting="FIRST_CONTENT_TIMEOUT")
    assert FIRST_S <= took_s < FIRST_S + SLACK_S


@whole_and_streamed
@pytest.mark.parametrize("script", FALLEN_SILENT.values(), ids=FALLEN_SILENT.keys())
def test_a_model_that_falls_silent_is_given_up(
    script: Script, ask: Ask, hasty: RunningBackend, model: StubModel
) -> None:
    model.next(script)
    took_s = assert_times_out(ask, hasty, model, setting="GAP_TIMEOUT")
    assert GAP_S <= took_s < GAP_S + SLACK_S


@whole_and_streamed
def test_an_answer_that_takes_too_long_is_given_up(ask: Ask, hasty: RunningBackend, model: StubModel) -> None:
    model.next(answer(scripts.endless(every_s=0.05)))
    took_s = assert_times_out(ask, hasty, model, setting="TOTAL_TIMEOUT")
    assert TOTAL_S <= took_s < TOTAL_S + SLACK_S


def assert_times_out(ask: Ask, backend: RunningBackend, model: StubModel, *, setting: str) -> float:
    """Check the outcome, that the model is let go at once, and give the seconds it took."""
    tries, began = model.hits, time.monotonic()
    outcome = ask(backend)
    took_s = time.monotonic() - began
    assert outcome.error is not None
    assert outcome.code == "upstream_timeout"
    assert outcome.status == (200 if outcome.has_begun else 504)
    assert setting in outcome.error["hint"]
    assert_says_nothing_of_others(str(outcome.error), model)
    assert model.hits == tries + 1
    assert model.calls[-1].wait_until_left(timeout_s=1)
    return took_s


@whole_and_streamed
@pytest.mark.parametrize(
    "script",
    [
        answer(*["word ", 0.1] * 12),
        answer(*[delta(reasoning_content="hm"), 0.1] * 12, "word"),
        answer(*[delta(content="", reasoning=None, reasoning_details=SECRET), 0.1] * 12, "word"),
        later(0.15, answer(0.1, "word", 0.15, "word")),
        answer(*["word", b": ping\n\n", 0.1] * 12),
        answer(*[{"choices": [], "prompt_progress": {"total": 99, "processed": 9}}, 0.3] * 4, "word"),
    ],
    ids=["words", "thoughts", "secret thoughts", "late words", "words and comments", "reading"],
)
def test_a_model_that_goes_on_in_time_is_waited_for(
    script: Script, ask: Ask, hasty: RunningBackend, model: StubModel
) -> None:
    model.next(script)
    assert ask(hasty).error is None


def test_what_was_said_before_the_silence_is_kept(hasty: RunningBackend, model: StubModel) -> None:
    model.next(answer("a", "b", "c", silence))
    seen: list[Event] = []
    with pytest.raises(UpstreamTimeoutError):
        seen.extend(hasty.client.stream(PROMPT))
    assert "".join(event.text for event in seen if isinstance(event, Text)) == "abc"


@whole_and_streamed
def test_a_second_try_gets_no_time_of_its_own(ask: Ask, hasty: RunningBackend, model: StubModel) -> None:
    before = model.hits
    model.next(later(FIRST_S - 0.1, status(500)))
    assert ask(hasty).code == "upstream_timeout"
    assert model.hits == before + 1


@whole_and_streamed
def test_an_answer_that_is_whole_is_not_held_up_by_a_server_that_does_not_end_it(
    ask: Ask, hasty: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CLOSING_S", 0.2)
    model.next(answer("a", delta(finish="stop"), silence))
    began = time.monotonic()
    assert ask(hasty).error is None
    assert time.monotonic() - began < TOTAL_S - 0.5
    assert model.calls[-1].wait_until_left(timeout_s=1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse where Linux lets callers wait")
@whole_and_streamed
def test_a_server_that_takes_no_connection_is_given_up(ask: Ask, run_backend: Callable[..., RunningBackend]) -> None:
    with scripts.full_port() as url:
        backend = run_backend(base_url=url, connect_timeout=0.2)
        began = time.monotonic()
        outcome = ask(backend)
    assert outcome.code == "upstream_timeout"
    assert 0.2 <= time.monotonic() - began < 1.5


def test_health_is_quick_while_everybody_waits(hasty: RunningBackend, model: StubModel) -> None:
    model.next(*[answer("a", scripts.endless(every_s=0))] * 3)
    streams = [hasty.client.stream(PROMPT) for _ in range(3)]
    took_s = []
    for _ in range(5):
        began = time.monotonic()
        hasty.client.health()
        took_s.append(time.monotonic() - began)
    for stream in streams:
        stream.close()
    assert statistics.median(took_s) < 0.25
