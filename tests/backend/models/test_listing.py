"""What servers list, how it is asked for, and that no answer is disturbed for it."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.app import create_app
from chatapp.backend.models.openai.listed import MAX_LISTING_BYTES
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, ContextLengthExceededError, UpstreamUnavailableError
from chatapp.protocol.events import Text
from chatapp.providers.context_windows import windows_in
from chatapp.providers.listing import names_in
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import Call, Exchange, StubModel
from support.turn_steps import wait_for


def listings(stub: StubModel) -> list[Call]:
    return [call for call in stub.requests if call.method == "GET"]


def entries(*names: str) -> dict[str, Any]:
    return {"data": [{"id": name} for name in names]}


@pytest.fixture
def unnamed(stub: StubModel, tmp_path: Path) -> Iterator[RunningBackend]:
    """A backend that was told a server, but no model."""
    stub.listing = scripts.listing("text-embedding-3-small", "llama3", "qwen3")
    with RunningBackend(create_app(Settings.load(base_url=stub.url, data_dir=tmp_path))) as backend:
        yield backend


@pytest.mark.parametrize(
    "listing",
    [
        {"data": [{"id": "a"}, {"id": "b"}]},
        [{"id": "a"}, {"id": "b"}],
        {"models": [{"name": "a"}, {"name": "b"}]},
        {"data": None, "models": [{"name": "a"}, {"name": "b"}]},
        {"success": True, "result": [{"name": "a"}, {"name": "b"}], "errors": []},
        {"data": ["a", "b", "a"]},
        {"data": [{"id": "gpt-*"}, {"id": "a"}, {"id": "b"}, {"id": "*"}]},
    ],
    ids=["OpenAI", "a bare array", "models", "both", "Cloudflare", "names", "lm-proxy, with patterns"],
)
def test_models_are_found_in_every_form_of_list(listing: object) -> None:
    assert names_in(listing) == ["a", "b"]


@pytest.mark.parametrize(
    "entry",
    [
        {"context_window": 4096},
        {"max_model_len": 4096, "max_context_length": 131072},
        {"meta": {"n_ctx": 4096, "n_ctx_train": 8192}},
        {"top_provider": {"context_length": 4096}, "context_length": 8192},
        {"n_ctx": True, "context_length": 4096},
        {"model_spec": {"availableContextTokens": 4096}},
        {"token_limits": {"context_window": 8192, "max_input_token_length": 4096}},
    ],
)
def test_the_smallest_window_that_an_entry_names_counts(entry: dict[str, object]) -> None:
    assert windows_in([{"id": "m", **entry}]) == {"m": 4096}


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_that_does_not_list_is_ready_all_the_same(
    status: int, backend: RunningBackend, stub: StubModel
) -> None:
    stub.listing = scripts.respond(status, {"detail": "Not Found"})
    model = backend.client.ready().model
    assert (model.ok, model.note) == (True, "The model server does not list its models.")
    assert backend.client.models().models == ("stub-model",)


def test_a_compressed_list_is_read(backend: RunningBackend, stub: StubModel) -> None:
    body = gzip.compress(json.dumps(entries("other")).encode())
    stub.listing = scripts.respond(200, body, Content_Encoding="gzip", Content_Type="application/json")
    assert backend.client.models().models == ("stub-model", "other")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b" " * (MAX_LISTING_BYTES + 1), "identity"),
        (gzip.compress(b" " * 64 * MAX_LISTING_BYTES), "gzip"),
    ],
    ids=["long", "a bomb"],
)
def test_a_list_without_an_end_is_not_read(
    body: bytes, encoding: str, backend: RunningBackend, stub: StubModel
) -> None:
    stub.listing = scripts.respond(200, body, Content_Encoding=encoding, Content_Type="application/json")
    assert backend.client.models().models == ("stub-model",)
    assert "too long" in backend.client.ready().model.note


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(scripts.HTML.encode(), "identity"), (b"x", "gzip"), (b"x", "br"), (b"[" * 100_000, "identity")],
    ids=["a page", "broken", "another compression", "deep"],
)
def test_what_is_no_list_is_told(body: bytes, encoding: str, backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, body, Content_Encoding=encoding)
    with pytest.raises(ChatappError, match="no list of models"):
        backend.client.models()


def test_why_there_is_no_list_is_told_whatever_the_status(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, {"error": {"message": "Invalid key", "code": "invalid_api_key"}})
    with pytest.raises(ChatappError, match="does not accept the API key"):
        backend.client.models()


def test_a_list_of_nothing_at_all_is_none(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, b"")
    assert backend.client.ready().model.ok
    assert backend.client.models().models == ("stub-model",)


def test_a_poll_asks_nobody_while_an_answer_is_made(backend: RunningBackend, stub: StubModel) -> None:
    go_on = threading.Event()
    stub.next(scripts.answer("one", scripts.until(go_on)))
    with backend.client.stream("Why?") as events:
        iterator = iter(events)
        next(iterator), next(iterator)
        assert backend.client.ready().model.ok
        assert backend.client.models().models == ("stub-model",)
        assert listings(stub) == []
        go_on.set()
        for _ in iterator:
            pass


def test_an_answer_is_a_sign_of_life_for_a_while(backend: RunningBackend, stub: StubModel) -> None:
    backend.client.ask("Why?")
    stub.listing = scripts.silence
    assert backend.client.ready().model.ok
    assert listings(stub) == []


def test_an_answer_that_failed_is_none(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("one", scripts.reset))
    with pytest.raises(ChatappError):
        backend.client.ask("Why?")
    stub.listing = scripts.reset
    assert not backend.client.ready().model.ok


def test_a_failure_without_a_word_is_laid_to_a_model_that_is_not_listed(
    backend: RunningBackend, stub: StubModel
) -> None:
    backend.client.ready()
    stub.default = scripts.respond(500, "Internal Server Error")
    for model, is_told in (("no-such-model", True), ("stub-model", False)):
        with pytest.raises(UpstreamUnavailableError) as failed:
            backend.client.ask("Why?", model=model)
        assert (f"does not list the model '{model}'" in (failed.value.hint or "")) is is_told


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_failure_without_a_word_is_laid_to_the_window_where_no_text_of_that_length_fits(
    is_streamed: bool, backend: RunningBackend, stub: StubModel
) -> None:
    stub.listing = scripts.respond(200, {"data": [{"id": "stub-model", "context_length": 2048}]})
    refusal = "The chat completion request failed. Check the server logs for details."  # Xinference 4.1.0
    failure = scripts.answer({"error": refusal}, done=False, finish=None, usage=False, role=False)
    stub.default = failure if is_streamed else scripts.respond(500, {"detail": refusal})
    with pytest.raises(ContextLengthExceededError):
        backend.client.ask("The sea was calm. " * 900)
    with pytest.raises(UpstreamUnavailableError):
        backend.client.ask("The sea was calm. " * 400)


def test_a_failure_without_a_word_may_be_the_length_where_much_was_sent(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = scripts.respond(500, {"message": "Internal server error"})  # NVIDIA Dynamo 1.6.1
    for prompt, is_told in (("The sea was calm. " * 600, True), ("Why?", False)):
        with pytest.raises(UpstreamUnavailableError) as failed:
            backend.client.ask(prompt)
        assert ("if this chat is long, start a new one" in str(failed.value.hint)) is is_told


def test_a_server_that_is_gone_is_asked_again(backend: RunningBackend, stub: StubModel) -> None:
    backend.client.ask("Why?")
    stub.default = stub.listing = scripts.reset
    with pytest.raises(UpstreamUnavailableError):
        backend.client.ask("Why?")
    assert not backend.client.ready().model.ok


def test_a_server_named_without_a_model_is_asked_for_one(unnamed: RunningBackend, stub: StubModel) -> None:
    assert unnamed.client.ask("Hi").model == "llama3"
    assert stub.calls[-1].body["model"] == "llama3"
    assert unnamed.client.ready().model.name == "llama3"
    assert (unnamed.client.models().default, unnamed.client.models().models) == ("llama3", ("llama3", "qwen3"))
    assert unnamed.client.ask("Hi", store=True).model == "llama3"


def test_in_place_of_a_model_that_is_gone_none_is_offered_that_nobody_lists(
    unnamed: RunningBackend, stub: StubModel
) -> None:
    stub.default = scripts.status(404, "The model 'llama3' does not exist", code="model_not_found")
    with pytest.raises(ChatappError) as caught:
        unnamed.client.ask("Hi")
    assert caught.value.hint == "Others that can be asked: qwen3."


def test_a_server_that_starts_late_is_asked_then(stub: StubModel, tmp_path: Path) -> None:
    stub.listing = scripts.html(503)
    with RunningBackend(create_app(Settings.load(base_url=stub.url, data_dir=tmp_path))) as backend:
        stub.listing = scripts.listing("llama3")
        wait_for(lambda: backend.client.ask("Hi").model == "llama3")


def test_a_gateway_that_has_the_usual_model_is_asked_for_that(unnamed: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.listing("claude", "gpt-4o-mini")
    unnamed.client.ready()
    assert unnamed.client.models().default == "gpt-4o-mini"


NOTHING = scripts.respond(404, {"detail": "Not Found"})
LM_STUDIO = scripts.respond(200, {"error": "Unexpected endpoint or method. (GET /models)"})  # bug-tracker#618


def at(path: str, script: scripts.Script, *, nothing: scripts.Script = NOTHING) -> scripts.Script:
    """Answer at one path, and say elsewhere that there is nothing."""

    async def answer(exchange: Exchange) -> None:
        await (script if exchange.call.path == path else nothing)(exchange)

    return answer


@pytest.mark.parametrize(("named", "has"), [("", "/v1"), ("/v1", ""), ("/", "/v1"), ("/v1/", "")])
def test_an_address_with_or_without_v1_is_found(
    named: str, has: str, run_backend: Callable[..., Any], stub: StubModel
) -> None:
    stub.default = at(f"{has}/chat/completions", scripts.answer("Hello"))
    stub.listing = at(f"{has}/models", scripts.listing("stub-model", "other"))
    backend = run_backend(base_url=stub.url.removesuffix("/v1") + named)
    assert backend.client.ask("Hi").answer == "Hello"
    assert backend.client.ask("Hi").answer == "Hello"
    assert [call.path for call in stub.calls] == [
        f"{named.rstrip('/')}/chat/completions",
        *[f"{has}/chat/completions"] * 2,
    ]
    assert "BASE_URL" in backend.client.ready().model.note
    assert backend.client.models().models == ("stub-model", "other")


@pytest.mark.parametrize("nothing", [NOTHING, LM_STUDIO], ids=["404", "LM Studio's 200"])
def test_the_list_finds_the_address_too(
    nothing: scripts.Script, run_backend: Callable[..., Any], stub: StubModel
) -> None:
    stub.default = at("/v1/chat/completions", scripts.answer("Hello"))
    stub.listing = at("/v1/models", scripts.listing("stub-model"), nothing=nothing)
    backend = run_backend(base_url=stub.url.removesuffix("/v1"))
    assert "/v1" in backend.client.ready().model.note
    backend.client.ask("Hi")
    assert stub.hits == 1


def test_another_address_is_tried_once(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = scripts.respond(404, {"detail": "Not Found"})
    for _ in range(3):
        with pytest.raises(ChatappError):
            backend.client.ask("Hi")
    assert [call.path.count("/v1/") for call in stub.calls] == [1, 0, 1, 1]


def test_an_unknown_model_is_no_reason_to_look_elsewhere(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = scripts.status(404, "The model 'stub-model' does not exist", code="model_not_found")
    with pytest.raises(ChatappError):
        backend.client.ask("Hi")
    assert stub.hits == 1


def test_no_more_is_asked_for_than_the_model_can_say(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, {"data": [{"id": "stub-model", "max_model_len": 1024}]})
    backend.client.ready()
    backend.client.ask("Hi", max_tokens=100_000)
    assert stub.calls[-1].body["max_tokens"] == 1024


def test_an_answer_of_nothing_is_asked_for_whole(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer(role=False, finish=None, usage=False, done=False), scripts.answer("Hello"))
    assert backend.client.ask("Hi").answer == "Hello"
    assert [call.body["stream"] for call in stub.calls] == [True, False]


FIRST_OF_ALL = {
    "429 in OpenRouter's words": {"error": {"code": 429, "message": "Provider returned error: rate limit exceeded"}},
    "overloaded in Anthropic's": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
}


@pytest.mark.parametrize("refusal", FIRST_OF_ALL.values(), ids=FIRST_OF_ALL)
@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_refusal_that_comes_as_an_answer_is_met_like_one(
    backend: RunningBackend, stub: StubModel, refusal: dict[str, Any], is_streamed: bool
) -> None:
    streamed = scripts.answer(refusal, role=False, finish=None, usage=False, done=False)
    refused = streamed if is_streamed else scripts.respond(200, refusal)
    stub.next(refused, scripts.answer("Hello"))
    assert backend.client.ask("Hi").answer == "Hello"
    assert [call.body["stream"] for call in stub.calls] == [True, True]

    later = {"error": {"code": 429, "message": "Rate limit exceeded. Try again in 20s."}}
    stub.next(scripts.answer(later, role=False, finish=None, usage=False, done=False))
    with pytest.raises(ChatappError, match="asked too often") as failure:
        backend.client.ask("Hi")
    assert (failure.value.status, failure.value.retry_after, len(stub.calls)) == (429, 20, 3)


def test_a_server_that_is_not_asked_to_stream_is_never_asked_to(
    run_backend: Callable[..., RunningBackend], stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(f'[connections.a]\nbase_url = "{stub.url}"\nwithout = ["streaming"]\n', encoding="utf-8")
    backend = run_backend(base_url=None, model_name="a/m", connections=file)
    stub.next(scripts.respond(200, FIRST_OF_ALL["overloaded in Anthropic's"]), scripts.answer("Hello"))
    assert backend.client.ask("Hi").answer == "Hello"
    assert [call.body["stream"] for call in stub.calls] == [False, False]


@pytest.mark.parametrize(
    "nothing",
    [
        scripts.answer(role=False, finish=None, usage=False, done=False),
        scripts.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"),
    ],
    ids=["llama-cpp-python 0.3.36", "Hayhooks 2.1.0"],
)
def test_why_nothing_came_is_learned_by_asking_for_the_whole_answer(
    backend: RunningBackend, stub: StubModel, nothing: Any
) -> None:
    conversation_id = backend.client.ask("One", store=True).conversation_id
    too_long = scripts.respond(400, {"error": {"code": "context_length_exceeded", "message": "too long"}})
    stub.next(nothing, too_long, scripts.answer("Hello"))
    assert backend.client.ask("Two", conversation_id=conversation_id).answer == "Hello"
    assert [len(call.body["messages"]) for call in stub.calls[1:]] == [3, 3, 1]


def test_a_stream_that_breaks_before_its_first_word_is_not_paid_for_twice(
    run_backend: Callable[..., RunningBackend], stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    proxy = stub.url.removesuffix("/v1")
    file.write_text(f'[connections.far]\nbase_url = "http://llm.example.org/v1"\nproxy = "{proxy}"\n', encoding="utf-8")
    backend = run_backend(base_url=None, openai_api_key=None, model_name="far/m", connections=file)
    stub.default = scripts.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    with pytest.raises(ChatappError, match="broke off before it began") as failed:
        backend.client.ask("Hi")
    assert "`proxy_read_timeout`" in str(failed.value.hint)  # nginx 1.22.1 drops what it holds
    assert [call.path for call in stub.calls] == ["http://llm.example.org/v1/chat/completions"]


def test_a_poll_of_one_worker_leaves_the_answer_of_another_alone(
    stub: StubModel, run_backend: Callable[..., RunningBackend], tmp_path: Path
) -> None:
    is_interrupted, listing = threading.Event(), stub.listing

    async def interrupting(exchange: Exchange) -> None:
        is_interrupted.set()
        await listing(exchange)

    async def one_thing_at_a_time(exchange: Exchange) -> None:
        if is_interrupted.is_set():
            exchange.hang_up()

    first, second = run_backend(), run_backend()
    stub.listing = interrupting
    stub.default = scripts.answer(*["word ", 0.05, one_thing_at_a_time] * 20)
    with first.client.stream("Hi") as stream:
        events = [next(iter(stream))]
        wait_for(lambda: list((tmp_path / "data" / "at-work").glob("*")))
        assert second.client.ready().model.ok
        assert second.client.models().default == "stub-model"
        events += stream

    assert "".join(event.text for event in events if isinstance(event, Text)) == "word " * 20
    assert list((tmp_path / "data" / "at-work").glob("*")) == []
    second.client.ready()
    assert is_interrupted.is_set()
