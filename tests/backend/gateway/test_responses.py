"""`POST /v1/responses` as OpenAI's own client finds them, in front of the stub model."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
import requests
from openai import OpenAI

from chatapp.client.chat import StoredChat
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

RunBackend = Callable[..., RunningBackend]
TOOL: Any = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}
CALLED = scripts.answer(scripts.delta(reasoning_content="Hm."), "Let me see.", scripts.tool_call(), finish="tool_calls")


@pytest.fixture
def client(backend: RunningBackend) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{backend.url}/v1", api_key="none", max_retries=0, timeout=10) as client:
        yield client


def test_a_whole_response_holds_text_and_counts(client: OpenAI) -> None:
    response = client.responses.create(model="stub-model", input="Why?", instructions="Be brief.")
    assert (response.output_text, response.status) == ("Hello from the stub.", "completed")
    assert response.usage is not None
    assert response.usage.total_tokens == scripts.USAGE["total_tokens"]
    assert response.usage.input_tokens_details.cache_write_tokens == 0, "the openai package promises a number"
    assert (response.completed_at or 0) >= response.created_at
    told = response.model_dump(exclude_unset=True)
    assert told.keys() >= {"frequency_penalty", "presence_penalty"}, "without them @openrouter/sdk 1.3.19 reads none"


def test_a_stream_tells_of_each_item_and_ends_with_the_whole(client: OpenAI, stub: StubModel) -> None:
    stub.next(scripts.answer(scripts.delta(reasoning_content="Hm."), "Yes", ".", scripts.tool_call()))
    with client.responses.stream(model="m", input="Why?", tools=[TOOL]) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [item.type for item in final.output] == ["reasoning", "message", "function_call"]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Yes."
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:2] + kinds[-1:] == ["created", "in_progress", "completed"]
    assert kinds.count("output_item.added") == kinds.count("output_item.done") == 3


@pytest.mark.parametrize("way", ["previous_response_id", "all sent again", "items named", "items but the call named"])
def test_a_function_is_called_and_its_result_goes_back(
    backend: RunningBackend, client: OpenAI, stub: StubModel, way: str
) -> None:
    """The AI SDK 7.0 names what the server has made, and sends calls again that it has answered itself."""
    stub.next(CALLED, scripts.answer("Rain."))
    first = client.responses.create(model="m", input="Weather?", tools=[TOOL])
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert (call.call_id, call.name, call.arguments) == ("call_1", "get_weather", '{"city":"Paris"}')
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "9 mm"}
    if way == "previous_response_id":
        again: Any = {"input": [result], "previous_response_id": first.id}
    else:
        every = {item.type for item in first.output}
        named = {"items named": every, "items but the call named": every - {"function_call"}}.get(way, set())
        said = [{"type": "item_reference", "id": item.id} if item.type in named else item for item in first.output]
        again = {"input": [{"role": "user", "content": "Weather?"}, *said, result]}
    assert client.responses.create(model="m", tools=[TOOL], **again).output_text == "Rain."
    function = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
    assert stub.calls[-1].body["messages"] == [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "Let me see.",
         "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "9 mm"},
    ]  # fmt: skip
    (conversation,) = backend.client.conversations.page().items
    roles = [message.role for message in backend.client.conversations.messages(conversation.id).items]
    assert roles == ["user", "assistant", "tool", "assistant"]


def test_tools_of_an_agent_are_functions_for_the_model_server_and_their_calls_are_what_it_knows(
    client: OpenAI, stub: StubModel
) -> None:
    spawn, patch = {**TOOL, "name": "spawn"}, {"type": "custom", "name": "patch", "description": "Change files."}
    agents = {"type": "namespace", "name": "agents", "description": "Others.", "tools": [spawn]}
    tools: Any = [TOOL, agents, patch, {"type": "web_search"}]
    called = [("agents__spawn", "{}"), ("patch", '{"input":"+ a"}'), ("patch", "+ b"), ("get_weather", "{}")]
    calls = [
        {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": told}}
        for index, (name, told) in enumerate(called)
    ]
    stub.next(scripts.answer(scripts.delta(tool_calls=calls), finish="tool_calls"))
    with client.responses.create(model="m", input="Why?", tools=tools, stream=True) as events:
        response = list(events)[-1].response  # type: ignore[union-attr]
    items: Any = [item.model_dump(exclude_none=True) for item in response.output]
    assert [item["type"] for item in items] == ["function_call", *["custom_tool_call"] * 2, "function_call"]
    assert (items[0]["namespace"], items[0]["name"]) == ("agents", "spawn")
    assert [item["input"] for item in items[1:3]] == ["+ a", "+ b"]
    assert [tool.type for tool in response.tools] == ["function", "namespace", "custom"]
    sent = stub.calls[-1].body["tools"]
    assert [tool["function"]["name"] for tool in sent] == ["get_weather", "agents__spawn", "patch"]
    results = [
        {"type": item["type"].replace("call", "call_output"), "call_id": item["call_id"], "output": "Done."}
        for item in items
    ]
    client.responses.create(model="m", input=[{"role": "user", "content": "Why?"}, *items, *results], tools=tools)
    _, answer, *told = stub.calls[-1].body["messages"]
    functions = [(call["function"]["name"], call["function"]["arguments"]) for call in answer["tool_calls"]]
    assert functions == [*called[:2], ("patch", '{"input":"+ b"}'), called[3]]
    assert told == [{"role": "tool", "tool_call_id": f"call_{index}", "content": "Done."} for index in range(4)]


@pytest.mark.parametrize("is_asked", [True, False])
def test_logprobs_come_with_their_words_where_they_are_included(
    client: OpenAI, stub: StubModel, is_asked: bool
) -> None:
    chunks = [scripts.delta(content=word) for word in ("Yes", ".")]
    for chunk, word in zip(chunks, ("Yes", "."), strict=True):
        chunk["choices"][0]["logprobs"] = {"content": [{"token": word, "logprob": -0.5, "top_logprobs": []}]}
    stub.default = scripts.answer(*chunks)
    wanted: Any = {"model": "m", "input": "Why?", "top_logprobs": 2}
    wanted |= {"include": ["message.output_text.logprobs"]} if is_asked else {}
    with client.responses.stream(**wanted) as stream:
        deltas = [event for event in stream if event.type == "response.output_text.delta"]
        streamed: Any = stream.get_final_response().output[0]
    body = stub.calls[-1].body
    assert (body.get("logprobs"), body.get("top_logprobs")) == ((True, 2) if is_asked else (None, None))
    whole: Any = client.responses.create(**wanted).output[0]
    tokens = ["Yes", "."] if is_asked else []
    assert [it.token for delta in deltas for it in delta.logprobs or []] == tokens
    assert [[it.token for it in item.content[0].logprobs] for item in (streamed, whole)] == [tokens, tokens]


def test_what_an_agent_says_before_the_first_question_is_one_system_prompt_and_not_kept(
    backend: RunningBackend, client: OpenAI, stub: StubModel
) -> None:
    asked = [
        {"role": "developer", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "input_text", "text": "You have skills."}]},
        {"role": "user", "content": "<environment_context>\n<cwd>/a</cwd>\n</environment_context>"},
        {"role": "user", "content": "Why?"},
    ]
    kept: Any = {"store": False, "extra_headers": {"X-Chatapp-Store": "true"}}  # Codex always says so
    client.responses.create(model="m", input=asked, **kept)  # type: ignore[arg-type]
    assert stub.calls[-1].body["messages"][0] == {"role": "system", "content": "Be brief.\n\nYou have skills."}
    (conversation,) = backend.client.conversations.page().items
    messages = backend.client.conversations.messages(conversation.id).items
    assert [message.content for message in messages] == ["Why?", "Hello from the stub."]


def test_what_is_asked_for_is_said_in_the_words_of_a_chat_completion(client: OpenAI, stub: StubModel) -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}
    page = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    client.responses.create(
        model="m",
        instructions="Be brief.",
        input=[
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "What?"}, picture, {"type": "input_file", **page}],
            }
        ],  # type: ignore[misc,list-item]
        tools=[TOOL],
        tool_choice={"type": "function", "name": "get_weather"},
        text={"format": form},  # type: ignore[typeddict-item]
        reasoning={"effort": "low"},
        max_output_tokens=9,
        temperature=0.5,
        metadata={"a": "b"},
    )
    sent = stub.calls[-1].body
    image = {"type": "image_url", "image_url": {"url": picture["image_url"], "detail": "low"}}
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What?"}, image, {"type": "file", "file": page}]},
    ]
    function = {name: value for name, value in TOOL.items() if name != "type"}
    schema = {name: form[name] for name in ("name", "schema", "strict")}
    always = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in sent.items() if name not in always} == {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "response_format": {"type": "json_schema", "json_schema": schema},
        "reasoning_effort": "low",
        "max_tokens": 9,
        "temperature": 0.5,
    }


def test_an_answer_that_is_cut_is_incomplete_and_one_that_breaks_has_failed(client: OpenAI, stub: StubModel) -> None:
    stub.next(scripts.answer("one", finish="length"), scripts.answer("one", scripts.hang_up))
    cut = client.responses.create(model="m", input="Why?")
    assert (cut.status, cut.incomplete_details and cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    last = list(client.responses.create(model="m", input="Why?", stream=True))[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.code == "incomplete"


def test_a_stream_that_is_cut_tells_all_that_was_said_and_why_it_ends(client: OpenAI, stub: StubModel) -> None:
    """@tanstack/ai 0.58.0 shows the pieces alone, agent-framework-openai 1.17.0 the text behind them once more."""
    stub.next(scripts.answer("Once", " upon", finish="length"))
    *events, last = client.responses.create(model="m", input="Why?", stream=True)
    assert [event.text for event in events if event.type == "response.output_text.done"] == ["Once upon"]
    assert last.type == "response.incomplete", "and no failure, though TanStack AI takes it for one"
    why = last.response.incomplete_details
    assert (last.response.output_text, why and why.reason) == ("Once upon", "max_output_tokens")


def test_thoughts_are_a_summary_for_who_asks_for_one(client: OpenAI, stub: StubModel) -> None:
    """Codex and the AI SDK show nothing else."""
    stub.default = scripts.answer(scripts.delta(reasoning_content="Hm."), "Yes.")
    wanted: Any = {"model": "m", "input": "Why?", "reasoning": {"summary": "auto"}}
    with client.responses.stream(**wanted) as stream:
        told: list[Any] = [event for event in stream if "reasoning" in event.type]
        final: Any = stream.get_final_response()
    kinds = [event.type.removeprefix("response.reasoning_summary_") for event in told]
    assert kinds == ["part.added", "text.delta", "text.done", "part.done"]
    assert {event.summary_index for event in told} == {0}
    for output in (final.output, client.responses.create(**wanted).output):
        assert ([part.text for part in output[0].summary], output[0].content) == (["Hm."], [])


def test_a_response_that_was_kept_is_read_again_with_what_it_answered(client: OpenAI, stub: StubModel) -> None:
    stub.next(CALLED, scripts.answer("Rain."))
    first = client.responses.create(model="m", input="Weather?", tools=[TOOL])
    result: Any = {"type": "function_call_output", "call_id": "call_1", "output": "9 mm"}
    second = client.responses.create(model="m", input=[result], previous_response_id=first.id)
    for made in (first, second):
        kept = client.responses.retrieve(made.id)
        assert (kept.status, kept.output, kept.usage) == ("completed", made.output, made.usage)
        assert (kept.model, abs(kept.created_at - made.created_at) < 2) == (made.model, True)
    listed = list(client.responses.input_items.list(second.id, order="asc", limit=3))
    assert [item.type for item in listed] == ["message", "message", "function_call", "function_call_output"]
    assert [item.id for item in listed[1:3]] == [item.id for item in first.output[1:]]
    assert listed[::-1] == list(client.responses.input_items.list(second.id))
    asked: Any = client.responses.input_items.list(first.id).data[0]
    assert asked.content[0].text == "Weather?"


def test_a_response_that_is_deleted_is_gone_by_its_id_and_the_last_takes_its_conversation_along(
    backend: RunningBackend, client: OpenAI, stub: StubModel
) -> None:
    first = client.responses.create(model="m", input="Why?")
    second = client.responses.create(model="m", input="How?", previous_response_id=first.id)
    (conversation,) = backend.client.conversations.page().items
    before = backend.client.conversations.messages(conversation.id).items
    client.responses.delete(first.id)
    assert backend.client.conversations.messages(conversation.id).items == before
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="m", input="How?", previous_response_id=first.id)
    named: Any = [{"type": "item_reference", "id": item.id} for item in first.output]
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="m", input=named)
    assert client.responses.retrieve(second.id).output_text == "Hello from the stub."
    client.responses.delete(second.id)
    assert backend.client.conversations.page().items == ()
    backend.client.conversations.restore(conversation.id)
    assert backend.client.conversations.messages(conversation.id).items == before
    for gone in (first, second):
        for ask in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
            with pytest.raises(openai.NotFoundError, match=f"Response with id '{gone.id}' not found."):
                ask(gone.id)


def test_a_conversation_that_went_on_here_outlives_the_responses_in_it(backend: RunningBackend, client: OpenAI) -> None:
    made = client.responses.create(model="m", input="Why?")
    (conversation,) = backend.client.conversations.page().items
    list(StoredChat(backend.client, conversation_id=conversation.id).ask("And in short?"))
    client.responses.delete(made.id)
    assert [one.id for one in backend.client.conversations.page().items] == [conversation.id]


def test_a_response_that_was_not_kept_or_is_somebody_else_s_is_not_found(run_backend: RunBackend) -> None:
    url = f"{run_backend(api_keys='ada:a-key,bob:b-key').url}/v1"
    with (
        OpenAI(base_url=url, api_key="a-key", max_retries=0, timeout=10) as ada,
        OpenAI(base_url=url, api_key="b-key", max_retries=0, timeout=10) as bob,
    ):
        kept, unkept = (ada.responses.create(model="m", input="Why?", store=store) for store in (True, False))
        for client, made in ((ada, unkept), (bob, kept)):
            for ask in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
                with pytest.raises(openai.NotFoundError, match="not found"):
                    ask(made.id)
        assert ada.responses.retrieve(kept.id).output_text == "Hello from the stub."


def test_an_id_that_no_database_takes_is_not_found(run_backend: RunBackend, postgres_url: str) -> None:
    url = f"{run_backend(database_url=postgres_url).url}/v1/responses"
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/input_items")):
        assert requests.request(method, f"{url}/resp_%00{path}", timeout=10).status_code == 404
    named = {"input": [{"type": "item_reference", "id": "msg_\0_0"}]}
    assert requests.post(url, json=named, timeout=10).json()["error"]["param"] == "input.0"


def test_a_response_in_the_making_is_read_as_far_as_it_is_and_not_deleted(client: OpenAI, stub: StubModel) -> None:
    stub.next(scripts.answer("one", scripts.silence))
    kept: Any = {"extra_headers": {"X-Chatapp-Background": "true"}}
    with client.responses.create(model="m", input="Why?", stream=True, **kept) as events:
        made: Any = next(iter(events)).response  # type: ignore[union-attr]
        assert client.responses.retrieve(made.id).status == "in_progress"
        with pytest.raises(openai.ConflictError):
            client.responses.delete(made.id)
        requests.post(
            str(client.base_url).replace("/v1/", f"/turns/{made.id.removeprefix('resp_')}/cancel"), timeout=10
        )
        assert [event.type for event in events][-1] == "response.completed"
    assert client.responses.retrieve(made.id).status == "cancelled"


@pytest.mark.parametrize(
    ("wanted", "parameter"),
    [
        ({"input": "Why?", "previous_response_id": "resp_none"}, None),
        ({"input": "Why?", "tools": [{"type": "web_search"}]}, "tools.0.type"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input.0"),
        ({"input": [{"role": "user", "content": "Why?"}, {"type": "item_reference", "id": "msg_none_0"}]}, "input.1"),
        ({"input": [{"role": "user", "content": 5}]}, "input.0.content"),
        ({"input": "Why?", "conversation": "conv_1"}, "conversation"),
        ({"input": "Why?", "background": True}, "background"),
        ({"input": "Why?", "prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"input": 5}, "input"),
    ],
)
def test_what_is_not_served_is_refused(client: OpenAI, wanted: Any, parameter: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="m", **wanted)
    assert refused.value.param == parameter


@pytest.mark.parametrize(
    ("wanted", "instead"),
    [
        ({"background": True}, "background: No response is made in the background here; leave it out, and stream."),
        ({"conversation": "conv_1"}, "conversation: No conversation goes by an id here; go on with previous_resp"),
        ({"conversation": {"id": "conv_1"}}, "go on with previous_response_id."),
        ({"prompt": {"id": "pmpt_1"}}, "prompt: No prompt goes by an id here; send its text as instructions."),
    ],
)
def test_what_is_not_served_says_what_is(client: OpenAI, wanted: Any, instead: str) -> None:
    with pytest.raises(openai.BadRequestError, match=re.escape(instead)):
        client.responses.create(model="m", input="Why?", **wanted)
