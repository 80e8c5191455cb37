"""What is told about models, and ways to them that are blocked."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.app import create_app
from chatapp.backend.models.chat_model import Batch, ModelRequest
from chatapp.backend.models.openai.model import OpenAIModel
from chatapp.config.settings import Settings
from chatapp.errors import (
    IncompleteAnswerError,
    UpstreamAuthError,
    UpstreamModelNotFoundError,
    UpstreamUnavailableError,
)
from chatapp.providers.connection import Upstream
from chatapp.providers.context_windows import known_window, windows_in
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel


@pytest.mark.parametrize(
    ("entry", "tokens"),
    [
        ({"id": "m", "max_model_len": 32768}, 32768),
        ({"id": "m", "context_length": 8192}, 8192),
        ({"id": "m", "meta": {"n_ctx": 4096, "n_ctx_train": 8192}}, 4096),
    ],
    ids=["vLLM", "OpenRouter", "llama.cpp"],
)
def test_model_servers_tell_their_windows_in_their_own_ways(entry: dict[str, object], tokens: int) -> None:
    assert windows_in({"data": [entry]}) == {"m": tokens}


@pytest.mark.parametrize("listing", [None, [], {"data": 5}, {"data": [7, {"id": "m"}, {"id": "m", "n_ctx": "many"}]}])
def test_a_listing_that_says_nothing_of_windows_is_no_harm(listing: object) -> None:
    assert windows_in(listing) == {}


OPENAI = "https://api.openai.com/v1"
GATEWAY = "https://models.example.org/v1"


@pytest.mark.parametrize(
    ("model", "base_url", "tokens"),
    [
        ("gpt-4", OPENAI, 8_192),
        ("gpt-4.1-mini", OPENAI, 1_000_000),
        ("gpt-4o-mini-2024-07-18", OPENAI, 128_000),
        ("my-own-model", OPENAI, None),
        ("openai/gpt-4o-mini-2024-07-18", GATEWAY, 128_000),
        ("my-own-model", GATEWAY, None),
        ("deepseek-r1-distill-qwen-1.5b", "http://localhost:11434/v1", None),
        ("gpt-4o", "http://10.0.0.7:8000/v1", None),
        ("gpt-4o", "http://gpu-box:8000/v1", None),
    ],
)
def test_the_windows_of_vendors_models_are_known(model: str, base_url: str, tokens: int | None) -> None:
    assert known_window(model, base_url) == tokens


def test_an_answer_is_whole_once_it_has_its_finish_reason(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("All of it.", scripts.delta(finish="stop"), scripts.reset))

    answer = backend.client.ask("Why?")

    assert (answer.answer, answer.finish_reason) == ("All of it.", "stop")


@pytest.mark.parametrize(
    ("listing", "names"),
    [
        (scripts.listing("other", "stub-model", "text-embedding-3-small"), ["stub-model", "other"]),
        (scripts.listing("a", "a", "b" * 201, "c\n"), ["stub-model", "a"]),
        (scripts.respond(200, {"data": [{"id": 7}, 8.5, None]}), ["stub-model"]),
        (scripts.respond(200, {}), ["stub-model"]),
    ],
    ids=["others", "names that are none", "no names", "no list"],
)
def test_models_are_the_default_and_those_that_chat(
    listing: scripts.Script, names: list[str], backend: RunningBackend, stub: StubModel
) -> None:
    stub.listing = listing

    told = backend.client.models()
    assert told[:2] == ("stub-model", tuple(names))
    assert [[model.id for model in each.models] for each in told.connections] == [names]
    assert len(stub.requests) == 1


def test_why_models_cannot_be_listed_is_told(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.status(401)

    with pytest.raises(UpstreamAuthError):
        backend.client.models()


@pytest.mark.parametrize(
    ("variable", "proxy"),
    [
        ("HTTPS_PROXY", "foo://nowhere"),
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTPS_PROXY", "http://"),
        ("HTTPS_PROXY", "http://me:p#ss@127.0.0.1:9"),
    ],
)
def test_a_way_to_the_model_that_cannot_be_prepared_is_the_user_s_to_mend(
    variable: str, proxy: str, run_backend: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)
    backend = run_backend(base_url="https://models.example.org/v1")

    with pytest.raises(UpstreamUnavailableError, match="cannot be set up") as caught:
        backend.client.ask("Hi")

    assert caught.value.hint is not None
    assert variable in caught.value.hint
    assert not backend.client.ready().model.ok


def test_a_whole_answer_that_breaks_off_is_a_failure_of_its_batch(stub: StubModel, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    stub.default = scripts.raw(head)

    batch = asyncio.run(_first_batch(stub, Settings.load(data_dir=tmp_path)))

    assert isinstance(batch.failure, IncompleteAnswerError)


async def _first_batch(stub: StubModel, settings: Settings) -> Batch:
    model = OpenAIModel(Upstream(base_url=stub.url, model="m", provider="openai", reason="a test"), settings)
    stream = await model.begin_answer(ModelRequest([]))
    try:
        return await stream.read()
    finally:
        await stream.close()
        await model.close()


def test_the_embedded_model_answers_to_no_other_name(stub: StubModel, tmp_path: Path) -> None:
    embedded = Upstream(base_url=stub.url, model="tiny", provider="embedded", reason="a test", has_one_model=True)
    with RunningBackend(create_app(Settings.load(data_dir=tmp_path), upstream=embedded)) as backend:
        with pytest.raises(UpstreamModelNotFoundError, match="does not have the model 'gpt-4o'") as caught:
            backend.client.ask("Hi", model="gpt-4o")
        assert caught.value.hint == "The embedded one is tiny. BASE_URL connects others."
        assert backend.client.models().models == ("tiny",)
        assert stub.calls == []
        assert backend.client.ask("Hi", model="tiny").model == "tiny"
        assert stub.calls[-1].body["return_progress"] is True


def test_a_model_s_name_cannot_forge_a_line_of_the_log(
    backend: RunningBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="chatapp")
    requests.post(f"{backend.url}/query", json={"prompt": "Hi", "model": "a\nINFO: forged \x1b[31m"}, timeout=10)
    backend.stop()

    lines = [record.getMessage() for record in caplog.records if "path=/query" in record.getMessage()]
    assert lines
    assert all(line.isprintable() for line in lines)
