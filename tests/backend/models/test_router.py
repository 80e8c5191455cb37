"""Several connections behind one `ChatModel`."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from chatapp.backend.models.chat_model import ModelRequest
from chatapp.backend.models.openai.answer import answering_model
from chatapp.backend.models.openai.keys import Keys
from chatapp.backend.models.openai.model import OpenAIModel
from chatapp.backend.models.pool import ConnectionPool
from chatapp.backend.models.router import Router
from chatapp.config.settings import Settings
from chatapp.errors import UpstreamAuthError, UpstreamModelNotFoundError, UpstreamRateLimitedError, UpstreamTimeoutError
from chatapp.protocol.messages import Message
from chatapp.providers.connection import ApiKey, Upstream
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import Exchange, StubModel

Run = Callable[[Callable[[Router], Coroutine[Any, Any, Any]]], Any]


@pytest.fixture
def second() -> Iterator[StubModel]:
    with StubModel() as server:
        yield server


@pytest.fixture
def run(stub: StubModel, second: StubModel, tmp_path: Path) -> Run:
    """A function that gives what an async function returns of a router over both servers."""

    async def with_router(use: Callable[[Router], Coroutine[Any, Any, Any]]) -> Any:
        settings = Settings.load(data_dir=tmp_path)
        here = Upstream(base_url=stub.url, model="m", provider="stub", reason="a test")
        there = Upstream(
            base_url=second.url,
            model="m",
            provider="stub",
            reason="a test",
            name="work",
            key_setting="the key of the connection work",
        )
        router = Router(ConnectionPool(lambda upstream: OpenAIModel(upstream, settings), named=[here, there]))
        try:
            return await use(router)
        finally:
            await router.close()

    return lambda use: asyncio.run(with_router(use))


def asked_for(model: str | None) -> Callable[[Router], Coroutine[Any, Any, tuple[str, str]]]:
    async def use(router: Router) -> tuple[str, str]:
        stream = await router.open(ModelRequest([Message.of("user", "Hi")], model=model))
        while not (await stream.read()).is_last:
            pass
        await stream.close()
        return stream.connection, stream.model

    return use


def test_a_question_goes_to_the_connection_that_its_model_names(run: Run, stub: StubModel, second: StubModel) -> None:
    assert run(asked_for("work/large")) == ("work", "large")
    assert (stub.hits, second.calls[0].body["model"]) == (0, "large")


@pytest.mark.parametrize("model", [None, "m", "workshop", "meta/llama"])
def test_every_other_question_goes_to_the_default_connection(model: str | None, run: Run, stub: StubModel) -> None:
    assert run(asked_for(model)) == ("default", model or "m")
    assert stub.hits == 1


def test_what_to_do_about_a_model_that_nobody_may_offer_is_not_replaced_by_a_list(run: Run, stub: StubModel) -> None:
    refusal = {"error": {"message": "No allowed providers are available for the selected model.", "code": 404}}
    stub.default = scripts.respond(404, refusal)
    stub.listing = scripts.listing("m", "other")

    async def use(router: Router) -> Any:
        await router.models()
        return await asked_for("m")(router)

    with pytest.raises(UpstreamModelNotFoundError) as caught:
        run(use)
    assert caught.value.hint == "Change them at the model server, or choose another model."


def test_the_models_of_a_further_connection_go_by_its_name(run: Run, second: StubModel) -> None:
    second.listing = scripts.listing("large")
    assert run(lambda router: router.models()) == ["m", "stub-model", "work/m", "work/large"]


def test_a_hint_names_the_settings_of_the_connection(run: Run, second: StubModel) -> None:
    second.default = scripts.status(401)
    with pytest.raises(UpstreamAuthError) as caught:
        run(asked_for("work/large"))
    assert caught.value.hint == "Check the key of the connection work."


def test_the_answer_names_the_model_that_answered(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer({"model": "smollm2-135m", **scripts.delta(content="Hello")}, role=False))
    assert backend.client.ask("Hi").model == "smollm2-135m"
    assert backend.client.ask("Hi").model == "stub-model"


@pytest.mark.parametrize(
    ("asked", "told", "answers"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o"),
        ("llama3", "llama3:latest", "llama3"),
        ("Qwen/Qwen3-8B", "qwen3-8b", "Qwen/Qwen3-8B"),
        ("smollm2", "/models/smollm2.gguf", "smollm2"),
        ("smollm2", "/home/me/.xinference/cache/v2/smol-chat-ggufv2-0_135b-Q4_1", "smollm2"),  # Xinference 4.1.0
        ("smollm2", "C:\\cache\\v2\\smol-chat", "smollm2"),
        ("openrouter/auto", "anthropic/claude-opus", "anthropic/claude-opus"),
        ("gpt-4o-mini", "smollm2-135m", "smollm2-135m"),
        ("m", None, "m"),
        ("m", "", "m"),
    ],
)
def test_a_date_or_a_path_makes_no_other_model(asked: str, told: str | None, answers: str) -> None:
    assert answering_model(asked, told) == answers


CONNECTIONS = """
[connections.work]
base_url = "{url}"
api_key = ["sk-one", "sk-two"]
headers = {{ X-Team = "chat" }}
without = ["stream_options", "seed"]
first_content_timeout = 0.7

[connections.work.models]
small = "qwen3:0.6b"
whole = {{ model = "phi", window = 4000 }}
"""


@pytest.fixture
def connected(stub: StubModel, second: StubModel, run_backend: Callable[..., RunningBackend]) -> RunningBackend:
    """A backend whose connection `work` is the second server."""
    file = Path("connections.toml").absolute()
    file.write_text(CONNECTIONS.format(url=second.url))
    return run_backend(connections=file)


def test_a_connection_is_asked_as_its_table_says(connected: RunningBackend, second: StubModel) -> None:
    answer = connected.client.ask("Hi", model="work/small", seed=7)
    call = second.calls[0]
    assert (answer.model, call.body["model"], call.headers["x-team"]) == ("work/small", "qwen3:0.6b", "chat")
    assert not {"seed", "stream_options"} & call.body.keys()
    assert connected.client.models().models == ("stub-model", "work/small", "work/whole")


def test_a_model_that_a_connection_does_not_offer_is_not_asked(connected: RunningBackend, second: StubModel) -> None:
    with pytest.raises(UpstreamModelNotFoundError) as caught:
        connected.client.ask("Hi", model="work/qwen3:0.6b")
    assert caught.value.hint == "Others that can be asked: stub-model, work/small, work/whole."
    assert second.hits == 0


def test_a_connection_has_its_own_timeouts(connected: RunningBackend, second: StubModel) -> None:
    second.default = scripts.silence
    began = time.monotonic()
    with pytest.raises(UpstreamTimeoutError) as caught:
        connected.client.ask("Hi", model="work/small")
    assert time.monotonic() - began < 5
    assert caught.value.hint == "Ask again, or raise first_content_timeout of [connections.work]."


def test_several_keys_take_turns_and_rest_when_limited(
    connected: RunningBackend, second: StubModel, caplog: pytest.LogCaptureFixture
) -> None:
    def ask() -> list[str]:
        before = second.hits
        connected.client.ask("Hi", model="work/small")
        return [call.headers["authorization"] for call in second.calls[before:]]

    assert [ask(), ask()] == [["Bearer sk-one"], ["Bearer sk-two"]]
    second.next(scripts.status(429))
    assert ask() == ["Bearer sk-one", "Bearer sk-two"]
    assert [ask(), ask()] == [["Bearer sk-two"], ["Bearer sk-two"]]
    second.next(scripts.status(429))
    with pytest.raises(UpstreamRateLimitedError, match="all keys of the model server are limited") as caught:
        ask()
    assert 50 < (caught.value.retry_after or 0) <= 60
    told = [requests.get(f"{connected.url}{path}", timeout=10).text for path in ("/models", "/ready")]
    assert "sk-one" not in "".join([*told, caplog.text, repr(caught.value)])


def test_questions_that_miss_the_api_together_find_it_together(
    stub: StubModel, run_backend: Callable[..., RunningBackend]
) -> None:
    """One that misses it is asked again where another has found it, and no answer is cut when the backend moves."""

    async def only_there(exchange: Exchange) -> None:
        if exchange.call.path.startswith("/v1/"):
            await scripts.answer("a", 0.3, "b")(exchange)
        else:
            await asyncio.sleep(0.2)  # so that all have missed it before the first looks elsewhere
            await exchange.respond(404, {"error": "nothing here"})

    stub.default = only_there
    client = run_backend(base_url=stub.url.removesuffix("/v1")).client
    with ThreadPoolExecutor(8) as pool:
        answers = [future.result().answer for future in [pool.submit(client.ask, "Hi") for _ in range(8)]]
    assert answers == ["ab"] * 8


def test_the_turns_of_a_key_that_rests_are_shared_by_the_others() -> None:
    sources = tuple(ApiKey(SecretStr(f"sk-{number}")) for number in range(3))
    keys = Keys(Upstream("http://a", "m", "a", "it is asked", keys=sources))
    first, limited, last = (next(keys.in_turn()) for _ in sources)
    keys.rest(limited, UpstreamRateLimitedError("slow down.", retry_after=60))
    assert [next(keys.in_turn()) for _ in range(6)] == [first, last] * 3
