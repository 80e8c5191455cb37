"""`POST /v1/completions` as OpenAI's own client finds it, in front of the stub model."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import openai
import pytest
from openai import OpenAI

from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

RunBackend = Callable[..., RunningBackend]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
USAGE = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def completed(*texts: str, **fields: Any) -> scripts.Script:
    """Answer each text of a prompt."""
    choices = [{"index": index, "text": text, "finish_reason": "length"} for index, text in enumerate(texts)]
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": choices, **fields}
    return scripts.respond(200, body)


@pytest.fixture
def client(backend: RunningBackend) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{backend.url}/v1", api_key="none", max_retries=0, timeout=10) as client:
        yield client


def calls(backend: RunningBackend) -> list[Any]:
    """Return the calls that are written down."""
    backend.run(backend.app.state.ledger.flush())
    return list(backend.app.state.store.model_calls.between(LONG_AGO))


def test_a_text_is_passed_on_and_counted_and_not_kept(backend: RunningBackend, client: OpenAI, stub: StubModel) -> None:
    stub.next(
        completed("= 1", "= 2", usage=USAGE), completed("one two three"), scripts.status(404, code="model_not_found")
    )
    wanted: Any = {"model": "m", "prompt": ["a", "b"], "suffix": ")", "max_tokens": 0, "echo": True, "logprobs": 1}
    answer = client.completions.create(**wanted)
    assert [choice.text for choice in answer.choices] == ["= 1", "= 2"]
    assert (stub.calls[-1].path, stub.calls[-1].body) == ("/v1/completions", wanted)
    client.completions.create(model="m", prompt=[[1, 2], [3]])  # type: ignore[arg-type]
    with pytest.raises(openai.NotFoundError):
        client.completions.create(model="none", prompt="a")
    told = [(call.prompt_tokens, call.completion_tokens, call.is_estimated, call.status) for call in calls(backend)]
    assert told == [(2, 3, False, "complete"), (3, 3, True, "complete"), (None, None, False, "failed")]
    assert backend.client.conversations.page().items == ()


@pytest.mark.parametrize("is_chat", [True, False])
def test_logprobs_are_listed_side_by_side(client: OpenAI, stub: StubModel, is_chat: bool) -> None:
    """llama.cpp tells them as a chat has them: findings/llama_cpp_gives_texts_the_logprobs_of_chats."""
    said, best = ((" Paris", -0.25), (".", -0.5)), [{"token": " Rome", "logprob": -2.0}]
    listed = {
        "tokens": [" Paris", "."],
        "token_logprobs": [-0.25, -0.5],
        "top_logprobs": [{" Rome": -2.0}, {}],
        "text_offset": [0, 6],
    }
    tops = (best, [])
    content = [
        {"token": word, "logprob": value, "top_logprobs": top} for (word, value), top in zip(said, tops, strict=True)
    ]
    choice = {"index": 0, "text": " Paris.", "logprobs": {"content": content} if is_chat else listed}
    stub.next(scripts.respond(200, {"choices": [choice]}))
    told = client.completions.create(model="m", prompt="a", logprobs=1).choices[0].logprobs
    assert told is not None
    assert told.model_dump() == listed


def test_a_stream_is_one_event(client: OpenAI, stub: StubModel) -> None:
    stub.next(scripts.raw(b'HTTP/1.1 200 OK\r\n\r\n{\r\n "model": "m",\n "choices": [{"text": "= 1", "index": 0}]\n}'))
    wanted: Any = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.completions.create(model="m", prompt="a", **wanted))
    assert [chunk.choices[0].text for chunk in chunks] == ["= 1"]
    assert stub.calls[-1].body == {"model": "m", "prompt": "a"}


def test_a_server_that_completes_none_is_told_as_such(client: OpenAI, stub: StubModel) -> None:
    for script in (scripts.respond(404, {"detail": "Not Found"}), scripts.EMBEDDINGS):
        stub.next(script)
        with pytest.raises(openai.InternalServerError, match=r"the model server (makes|sent) no completions"):
            client.completions.create(model="m", prompt="a")


def test_a_budget_limits_each_answer(run_backend: RunBackend, stub: StubModel, tmp_path: Any) -> None:
    file = tmp_path / "connections.toml"
    prices = "prices = { input = 10000, output = 10000 }"
    file.write_text(f'[connections.paid]\nbase_url = "{stub.url}"\n{prices}\n', encoding="utf-8")
    backend = run_backend(connections=str(file), budgets="*:2/day")
    stub.default = completed("x", usage=USAGE)
    with OpenAI(base_url=f"{backend.url}/v1", api_key="none", max_retries=0, timeout=10) as client:
        client.completions.create(model="paid/m", prompt=["a", "b"])
        assert 50 < stub.calls[-1].body["max_tokens"] < 100
        for most in (7, 0):  # none where an evaluation wants the logprobs of a text alone
            client.completions.create(model="paid/m", prompt="a", max_tokens=most)
            assert stub.calls[-1].body == {"model": "m", "prompt": "a", "max_tokens": most}
            client.completions.create(model="paid/m", prompt="a", max_tokens=most, extra_body={"n_predict": 9000})
            assert 0 < stub.calls[-1].body["n_predict"] < 200  # by which llama.cpp goes, whatever max_tokens says
