"""`Idempotency-Key`: a question sent twice by somebody who does not know whether it arrived."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from chatapp.errors import IdempotencyConflictError, IncompleteAnswerError, ShuttingDownError
from support import scripts
from support.event_streams import read
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import contents, wait_for

RunBackend = Callable[..., RunningBackend]


def post(backend: RunningBackend, key: str, path: str = "/query", **fields: object) -> requests.Response:
    body = {"prompt": "Why?", **fields}
    return requests.post(backend.url + path, json=body, headers={"Idempotency-Key": key}, timeout=10)


@pytest.mark.parametrize("store", [True, False])
def test_same_key_and_body_is_one_turn(store: bool, backend: RunningBackend, stub: StubModel) -> None:
    first, second = (post(backend, "k", store=store).json() for _ in range(2))
    assert first == second
    assert stub.hits == 1


def test_at_once_is_one_turn_too(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = scripts.answer("one", 0.3, " two")
    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(lambda _: post(backend, "k", store=True).json(), range(8)))
    assert {body["answer"] for body in bodies} == {"one two"}
    assert len({body["turn_id"] for body in bodies}) == 1
    assert stub.hits == 1


@pytest.mark.parametrize("store", [True, False])
def test_it_holds_after_a_restart(store: bool, run_backend: RunBackend, stub: StubModel) -> None:
    before = run_backend()
    first = post(before, "k", store=store).json()
    before.stop()
    assert post(run_backend(), "k", store=store).json() == first
    assert stub.hits == 1


def test_it_can_be_streamed_the_second_time(backend: RunningBackend) -> None:
    first = post(backend, "k").json()
    seen = read(post(backend, "k", "/query/stream").content)
    assert (seen.text, seen.bodies["start"]["turn_id"]) == (first["answer"], first["turn_id"])


def test_an_answer_that_its_reader_lost_is_not_asked_for_again(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("one", 0.5, " two"))
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, headers={"Idempotency-Key": "k"}, timeout=0.2)
    assert post(backend, "k").json()["answer"] == "one two"
    assert stub.hits == 1


def test_another_body_is_refused(backend: RunningBackend) -> None:
    post(backend, "k")
    refused = post(backend, "k", temperature=1)
    assert (refused.status_code, refused.json()["code"]) == (409, IdempotencyConflictError.code)


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("trouble", [scripts.status(401), scripts.status(429), scripts.status(503)])
def test_a_failure_in_which_nothing_was_said_is_not_repeated(
    trouble: scripts.Script, store: bool, backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = trouble
    assert not post(backend, "k", store=store).ok
    stub.default = scripts.answer("well again")
    assert post(backend, "k", store=store).json()["answer"] == "well again"


def test_a_kept_question_that_is_tried_again_is_there_once(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.status(401))
    post(backend, "k", store=True)
    conversation_id = post(backend, "k", store=True).json()["conversation_id"]
    assert contents(backend, conversation_id) == ["Why?", "Hello from the stub."]
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Why?"]
    assert len(backend.client.conversations.page().items) == 1


def test_what_a_stopped_backend_left_unanswered_is_answered_by_the_next(
    run_backend: RunBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer(scripts.silence))
    before = run_backend()
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(post, before, "k", store=True)
        wait_for(lambda: stub.hits)
        before.stop()
        assert cut.result().json()["code"] == ShuttingDownError.code
    assert post(run_backend(), "k", store=True).json()["answer"] == "Hello from the stub."


def test_a_failure_after_words_is_told_again(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.reset))
    first, second = (post(backend, "k", store=True).json() for _ in range(2))
    assert first["code"] == second["code"] == IncompleteAnswerError.code
    assert stub.hits == 1
