"""`POST /v1/chat/completions` as OpenAI's own client finds it, in front of the stub model."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import openai
import pytest
import requests
from openai import OpenAI

from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
QUESTION: Any = [{"role": "user", "content": "Why?"}]
FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
TOOLS: Any = [{"type": "function", "function": FUNCTION}]


def client_of(backend: RunningBackend, key: str = "none", **options: Any) -> OpenAI:
    return OpenAI(base_url=f"{backend.url}/v1", api_key=key, **{"max_retries": 0, "timeout": 10, **options})


@pytest.fixture
def client(shared: RunningBackend) -> Iterator[OpenAI]:
    with client_of(shared) as client:
        yield client


def piece(index: int, arguments: str, **fields: Any) -> scripts.Chunk:
    """Return a chunk with a piece of a call of a tool."""
    name = {"name": fields.pop("name")} if "name" in fields else {}
    return scripts.delta(tool_calls=[{"index": index, "function": {**name, "arguments": arguments}, **fields}])


def test_a_whole_answer_is_a_chat_completion(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="stub-model", messages=QUESTION)
    assert answer.choices[0].message.content == "Hello from the stub."
    assert (answer.model, answer.choices[0].finish_reason, answer.object) == ("stub-model", "stop", "chat.completion")
    assert answer.usage is not None
    assert answer.usage.total_tokens == scripts.USAGE["total_tokens"]
    assert "system_fingerprint" in answer.model_fields_set, "without it @openrouter/sdk 1.3.19 reads none"


def test_a_whole_answer_counts_tokens_where_the_model_server_does_not(client: OpenAI, model: StubModel) -> None:
    model.next(scripts.answer("Yes.", usage=False))
    usage = client.chat.completions.create(model="m", messages=QUESTION).usage
    assert usage is not None, "without it llm 0.36 fails"
    assert usage.prompt_tokens > 0


def test_a_stream_holds_the_same_in_chunks_and_counts_where_it_is_wanted(client: OpenAI) -> None:
    wanted = {"model": "stub-model", "messages": QUESTION, "stream": True}
    chunks = list(client.chat.completions.create(**wanted, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello from the stub."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [scripts.USAGE["total_tokens"]]
    assert chunks[-1].choices == []
    assert all(chunk.usage is None for chunk in client.chat.completions.create(**wanted))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"], ids=["DeepSeek's", "OpenRouter's"])
def test_thoughts_come_by_the_name_that_a_client_reads(client: OpenAI, model: StubModel, field: str) -> None:
    model.next(*[scripts.answer(scripts.delta(reasoning_content="Hm."), "Yes.")] * 2)
    message = client.chat.completions.create(model="m", messages=QUESTION).choices[0].message
    chunks = list(client.chat.completions.create(model="m", messages=QUESTION, stream=True))
    assert getattr(message, field) == "Hm."
    assert "".join(getattr(chunk.choices[0].delta, field, "") for chunk in chunks) == "Hm."


def test_thoughts_come_beside_the_answer(client: OpenAI, model: StubModel) -> None:
    model.next(*[scripts.answer(scripts.delta(reasoning_content="Hm."), "Yes.")] * 2)
    message = client.chat.completions.create(model="m", messages=QUESTION).choices[0].message
    chunks = list(client.chat.completions.create(model="m", messages=QUESTION, stream=True))
    thoughts = "".join(getattr(chunk.choices[0].delta, "reasoning_content", "") for chunk in chunks)
    assert (message.content, message.reasoning_content, thoughts) == ("Yes.", "Hm.", "Hm.")


def scored(text: str, *tokens: tuple[str, float]) -> scripts.Chunk:
    """Return a chunk with the logprobs of its tokens."""
    chunk = scripts.delta(content=text)
    chunk["choices"][0]["logprobs"] = {"content": [{"token": it, "logprob": p, "top_logprobs": []} for it, p in tokens]}
    return chunk


@pytest.mark.parametrize("is_asked", [True, False], ids=["asked for", "not asked for"])
def test_logprobs_come_with_their_words_where_they_are_asked_for(
    client: OpenAI, model: StubModel, is_asked: bool
) -> None:
    steps = (scored("Ye", ("Y", -0.5), ("e", -0.25)), scored("s", ("s", -0.125)), "!")
    model.next(*[scripts.answer(*steps)] * 2)
    wanted: Any = {"model": "m", "messages": QUESTION, **({"logprobs": True, "top_logprobs": 2} if is_asked else {})}
    whole = client.chat.completions.create(**wanted).choices[0]
    assert model.calls[-1].body.get("top_logprobs") == (2 if is_asked else None)
    chunks = list(client.chat.completions.create(**wanted, stream=True))
    streamed = [it for chunk in chunks if chunk.choices[0].logprobs for it in chunk.choices[0].logprobs.content or []]
    at_once = (whole.logprobs and whole.logprobs.content) or []
    known = [[(it.token, it.logprob) for it in told] for told in (at_once, streamed)]
    assert known == [[("Y", -0.5), ("e", -0.25), ("s", -0.125)] if is_asked else []] * 2
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.message.content == "Yes!"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([0, 1], id="one index each"),
        pytest.param([0, 0], id="Gemini: whole calls of index 0"),
    ],
)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_calls_of_tools_arrive_as_the_model_made_them(
    client: OpenAI, model: StubModel, told: list[int], is_streamed: bool
) -> None:
    first, second = told
    script = scripts.answer(
        "Let me see.",
        piece(first, "", id="call_a", name="get_weather", type="function"),
        piece(first, '{"city":'),
        piece(first, '"Oslo"}'),
        piece(second, '{"city":"Bergen"}', id="call_b", name="get_weather", type="function"),
        finish="tool_calls",
    )
    model.next(script)
    with client.chat.completions.stream(model="m", messages=QUESTION, tools=TOOLS) as stream:
        answer = stream.get_final_completion()
    if not is_streamed:
        model.next(script)
        answer = client.chat.completions.create(model="m", messages=QUESTION, tools=TOOLS)  # type: ignore[assignment]
    choice = answer.choices[0]
    assert choice.message.tool_calls is not None
    calls = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls]
    assert calls == [("call_a", "get_weather", {"city": "Oslo"}), ("call_b", "get_weather", {"city": "Bergen"})]
    assert (choice.message.content, choice.finish_reason) == ("Let me see.", "tool_calls")


def test_a_server_that_ends_a_call_with_stop_is_put_right(client: OpenAI, model: StubModel) -> None:
    model.next(scripts.answer(scripts.tool_call(), finish="stop"))
    assert client.chat.completions.create(model="m", messages=QUESTION).choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("reason", ["eos_token", "end_turn", "completed"])
def test_a_finish_reason_that_openai_does_not_have_is_stop(client: OpenAI, model: StubModel, reason: str) -> None:
    model.next(scripts.answer("Yes.", finish=reason))
    assert client.chat.completions.create(model="m", messages=QUESTION).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("odd", [[], {}, None, 5], ids=repr)
def test_a_tool_of_no_kind_is_for_the_model_server_to_judge(client: OpenAI, model: StubModel, odd: Any) -> None:
    tools: Any = [{**TOOLS[0], "type": odd}]
    client.chat.completions.create(model="m", messages=QUESTION, tools=tools)
    assert model.calls[-1].body["tools"] == tools


def test_what_is_asked_goes_to_the_model_server_as_it_is(client: OpenAI, model: StubModel) -> None:
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {
            "url": "data:image/png;base64,iVBORw0KGgo="}}]},
        {"role": "user", "name": "ada", "content": "And this?"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {
            "name": "get_weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "user", "content": "So?"},
        {"role": "user", "content": "So?"},
    ]  # fmt: skip
    others: Any = {
        "tools": TOOLS, "tool_choice": "auto", "response_format": {"type": "json_object"}, "temperature": 0.5,
        "max_completion_tokens": 9, "user": "ada", "logit_bias": {"5": 1}, "parallel_tool_calls": False,
    }  # fmt: skip
    extra = {"top_k": 7, "n": 1, "store": False, "chat_template_kwargs": {"enable_thinking": False}}
    client.chat.completions.create(model="m", messages=messages, extra_body=extra, **others)
    sent = model.calls[-1].body
    passed_on = {"top_k": 7, "chat_template_kwargs": {"enable_thinking": False}, **others}
    always = {"model": "m", "stream": True, "stream_options": {"include_usage": True}, "messages": messages}
    assert sent == {**always, **passed_on}


def test_nothing_is_left_out_of_what_is_too_long(run_backend: RunBackend, stub: StubModel) -> None:
    long = [{"role": role, "content": "word " * 500} for role in ("user", "assistant") * 20]
    stub.next(
        scripts.status(400, "This model's maximum context length is 4096 tokens.", code="context_length_exceeded")
    )
    with client_of(run_backend(context_tokens=4096)) as client, pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(model="m", messages=[*long, *QUESTION])
    assert failure.value.code == "context_length_exceeded"
    assert [len(call.body["messages"]) for call in stub.calls] == [41]


REFUSALS: dict[str, tuple[scripts.Script, int, str]] = {
    "wrong key of ours": (scripts.status(401, code="invalid_api_key"), 502, "upstream_auth"),
    "no such model": (scripts.status(404, code="model_not_found"), 404, "model_not_found"),
    "no money": (scripts.status(429, code="insufficient_quota"), 429, "insufficient_quota"),
    "too often": (scripts.status(429, code="rate_limit_exceeded", Retry_After="7"), 429, "upstream_rate_limited"),
    "a parameter": (scripts.respond(400, {"error": {"message": "Unsupported value: 'tools' is not supported",
                                                    "param": "tools"}}), 400, "upstream_parameter_refused"),
    "down": (scripts.status(503), 502, "upstream_unavailable"),
    "a web page": (scripts.html(), 502, "upstream_bad_response"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_openai_s_shape_and_the_status_that_its_clients_go_by(
    client: OpenAI, model: StubModel, case: str
) -> None:
    script, status, code = REFUSALS[case]
    model.models["refusing"] = script
    with pytest.raises(openai.APIStatusError) as failure:
        client.chat.completions.create(model="refusing", messages=QUESTION, tools=TOOLS)
    assert (failure.value.status_code, failure.value.code) == (status, code)
    assert set(failure.value.response.json()) == {"error"}
    assert failure.value.request_id
    if case == "too often":
        assert failure.value.response.headers["retry-after"] == "7"


def test_a_client_does_not_ask_again_what_cannot_go_well(run_backend: RunBackend, stub: StubModel) -> None:
    stub.default = scripts.status(401)
    with client_of(run_backend(), max_retries=2) as client, pytest.raises(openai.APIStatusError):
        client.chat.completions.create(model="m", messages=QUESTION)
    assert stub.hits == 1


def test_an_answer_that_breaks_raises_behind_its_words(client: OpenAI, model: StubModel) -> None:
    model.next(scripts.answer("one", " two", scripts.hang_up))
    chunks = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
    said: list[str] = []
    with pytest.raises(openai.APIError, match="broke"):
        said.extend(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert "".join(said) == "one two"


WRONG: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "two answers": ("POST", "chat/completions", {"json": {"messages": QUESTION, "n": 2}}, 400, "n"),
    "no messages": ("POST", "chat/completions", {"json": {"messages": []}}, 400, "messages"),
    "a role": ("POST", "chat/completions", {"json": {"messages": [{"role": "robot"}]}}, 400, "messages.0.role"),
    "a content": ("POST", "chat/completions", {"json": {"messages": [{"role": "user", "content": 1}]}}, 400,
                  "messages.0.content"),
    "a part": ("POST", "chat/completions", {"json": {"messages": [{"role": "user", "content": [1]}]}}, 400,
               "messages.0.content.0"),
    "a stop": ("POST", "chat/completions", {"json": {"messages": QUESTION, "stop": 5}}, 400, "stop"),
    "no JSON": ("POST", "chat/completions", {"data": "{", "headers": {"Content-Type": "application/json"}}, 400, ""),
    "a form": ("POST", "chat/completions", {"data": {"a": "b"}}, 415, ""),
    "a path": ("GET", "nowhere", {}, 404, ""),
    "a method": ("GET", "chat/completions", {}, 405, ""),
    "a model": ("GET", "models/owner/nobody", {}, 404, ""),
    "a host": ("GET", "models", {"headers": {"Host": "evil.example"}}, 400, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_every_refusal_of_ours_has_openai_s_shape(shared: RunningBackend, case: str) -> None:
    method, path, options, status, parameter = WRONG[case]
    response = requests.request(method, f"{shared.url}/v1/{path}", timeout=10, **options)
    error = response.json()["error"]
    assert (response.status_code, error["param"] or "") == (status, parameter)
    assert set(error) == {"message", "type", "param", "code"}
    assert "[" not in error["message"], "Python's types mean nothing to a client"


def test_keys_and_limits_hold_and_are_told_in_openai_s_shape(run_backend: RunBackend) -> None:
    backend = run_backend(api_keys="ada:a-key", rate_limit="2/minute", max_body_bytes=100)
    with client_of(backend, "wrong") as unauthorized, pytest.raises(openai.AuthenticationError) as refused:
        unauthorized.models.list()
    assert refused.value.code == "invalid_api_key"
    assert "does not know this API key" in refused.value.message
    assert "wants an API key" in requests.get(f"{backend.url}/v1/models", timeout=10).json()["error"]["message"]
    with client_of(backend, "a-key") as ada:
        assert ada.chat.completions.create(model="stub-model", messages=QUESTION).choices
        with pytest.raises(openai.APIStatusError) as large:
            ada.chat.completions.create(model="m", messages=[{"role": "user", "content": "x" * 3300}])
        assert (large.value.status_code, large.value.code) == (413, "body_too_large")
        with pytest.raises(openai.RateLimitError) as often:
            ada.models.list()
    assert int(often.value.response.headers["retry-after"]) > 0


def test_the_model_stops_when_the_client_leaves(client: OpenAI, model: StubModel) -> None:
    model.next(scripts.answer(scripts.endless(every_s=0.01)))
    with client.chat.completions.create(model="m", messages=QUESTION, stream=True) as stream:
        next(iter(stream))
    assert model.calls[-1].wait_until_left(timeout_s=3)


def test_no_more_answers_are_made_than_allowed(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(max_active_turns=1)
    stub.next(scripts.answer(scripts.endless(every_s=0.01)))
    with client_of(backend) as client, client.chat.completions.create(model="m", messages=QUESTION, stream=True) as it:
        next(iter(it))
        with pytest.raises(openai.InternalServerError) as refused:
            client.chat.completions.create(model="m", messages=QUESTION)
        assert (refused.value.status_code, refused.value.code) == (503, "overloaded")


def test_the_ledger_says_that_a_call_came_in_here(run_backend: RunBackend) -> None:
    backend = run_backend()
    with client_of(backend) as client:
        client.chat.completions.create(model="stub-model", messages=QUESTION)
    backend.run(backend.app.state.ledger.flush())
    calls = wait_for(lambda: backend.app.state.store.model_calls.between(LONG_AGO))
    assert [(call.surface, call.model, call.status) for call in calls] == [("v1", "stub-model", "complete")]


def test_models_are_listed_and_found_by_name(run_backend: RunBackend, stub: StubModel) -> None:
    stub.listing = scripts.listing("stub-model", "owner/other")
    with client_of(run_backend()) as client:
        assert [entry.id for entry in client.models.list()] == ["stub-model", "owner/other"]
        assert client.models.retrieve("owner/other").id == "owner/other"
