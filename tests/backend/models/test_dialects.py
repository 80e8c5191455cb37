"""What servers refuse is asked again in the form they take, and remembered."""

import io
import json
import logging
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
import requests

from chatapp.backend.models.openai.dialect import MOST_FORMS, Dialect
from chatapp.backend.models.openai.errors import error_from_response
from chatapp.backend.models.openai.message_forms import messages_as_json
from chatapp.backend.models.openai.refused_parameter import (
    AFTER_TOOL,
    BLANKS,
    DEVELOPER,
    LAST_ROLE,
    NO_THOUGHTS,
    SIGNATURES,
    SYSTEM_FIRST,
    SYSTEM_ROLE,
    THOUGHTS,
)
from chatapp.client.chat import StoredChat
from chatapp.errors import ChatappError, UpstreamError, UpstreamParameterRefusedError
from chatapp.protocol.events import Notice, Text
from chatapp.protocol.messages import Message, Role
from support import documents, scripts
from support.event_streams import read
from support.refusals import EFFORTS
from support.running_backend import RunningBackend
from support.stub_model import StubModel

if TYPE_CHECKING:
    from support.stub_model import Exchange

Refuses = Callable[[dict[str, Any]], bool]


def unless(refuses: Refuses, error: dict[str, Any], *, status: int = 400) -> scripts.Script:
    """Refuse bodies that `refuses`, answer others."""
    answer = scripts.answer("Hello")

    async def script(exchange: "Exchange") -> None:
        if refuses(exchange.call.body):
            await exchange.respond(status, error)
        else:
            await answer(exchange)

    return script


def told(message: str, **fields: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


def refuses(name: str) -> Refuses:
    return lambda body: name in body


def has_system(body: dict[str, Any]) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


def does_not_alternate(body: dict[str, Any]) -> bool:
    said = [message["role"] for message in body["messages"]]
    return any(role != ("user", "assistant")[number % 2] for number, role in enumerate(said))


UNSUPPORTED = {
    "stream_options": told("Extra inputs are not permitted, field: 'stream_options'"),
    "max_tokens": told(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        param="max_tokens",
        code="unsupported_parameter",
    ),
    "temperature": told(
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
        "supported.",
        param="temperature",
        code="unsupported_value",
    ),
    "top_p": {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_p"], "msg": "Extra inputs not permitted"}]},
    "seed": told("Unrecognized request argument supplied: `seed`", param="seed"),
    "stop": told("Unsupported parameter: 'stop' is not supported with this model.", param="stop"),
}
GIVEN = {"max_tokens": 100, "temperature": 0.5, "top_p": 0.5, "seed": 1, "stop": ["END"]}


def test_what_a_server_refuses_is_left_out_and_remembered(backend: RunningBackend, stub: StubModel) -> None:
    for name, status in product(UNSUPPORTED, (400, 422, 500)):
        model = f"without-{name}-{status}"  # each has a dialect of its own
        stub.models[model] = unless(refuses(name), UNSUPPORTED[name], status=status)
        parameters = {name: GIVEN[name]} if name in GIVEN else {}
        for _ in range(2):
            assert backend.client.ask("Hi", model=model, **parameters).answer == "Hello"
        assert [name in call.body for call in stub.calls if call.body["model"] == model] == [True, False, False]


def test_what_is_refused_where_an_answer_was_to_be_is_left_out_and_remembered_too(
    backend: RunningBackend, stub: StubModel
) -> None:
    for name, error in UNSUPPORTED.items():
        stub.models[name] = unless(refuses(name), error, status=200)
        parameters = {name: GIVEN[name]} if name in GIVEN else {}
        for _ in range(2):
            assert backend.client.ask("Hi", model=name, **parameters).answer == "Hello"
        assert [name in call.body for call in stub.calls if call.body["model"] == name] == [True, False, False]


def test_what_is_refused_in_the_stream_is_told_when_it_is_left_out(backend: RunningBackend, stub: StubModel) -> None:
    refusal = scripts.answer(UNSUPPORTED["temperature"], role=False, finish=None, usage=False)
    stub.next(refusal)
    told = [event for event in backend.client.stream("Hi", temperature=0.5) if isinstance(event, Notice)]
    assert [notice.text for notice in told] == ["The model does not take temperature; it was left out."]
    stub.default = refusal
    with pytest.raises(UpstreamParameterRefusedError):
        backend.client.ask("Hi", model="another", temperature=0.5)
    assert stub.hits == 4


def test_what_was_told_when_an_answer_began_is_not_told_again_by_its_stream(
    backend: RunningBackend, stub: StubModel
) -> None:
    async def picky(exchange: "Exchange") -> None:
        if "seed" in exchange.call.body:
            return await exchange.respond(400, UNSUPPORTED["seed"])
        if "temperature" in exchange.call.body:
            return await scripts.answer(UNSUPPORTED["temperature"], role=False, finish=None, usage=False)(exchange)
        return await scripts.answer("Hello")(exchange)

    stub.default = picky
    events = backend.client.stream("Hi", temperature=0.5, seed=1)
    left_out = [event.text for event in events if isinstance(event, Notice)]
    assert left_out == [f"The model does not take {name}; it was left out." for name in ("seed", "temperature")]


def test_both_penalties_are_left_out_where_a_model_has_none() -> None:
    dialect = Dialect()
    asked = {"model": "m1", "messages": [], "presence_penalty": 0.1, "frequency_penalty": 0.2}

    dialect.learn("penalties", b"Penalty is not enabled for models/gemini-2.5-pro", asked)

    assert dialect.worded(asked) == {"model": "m1", "messages": []}
    assert len(dialect.notices(asked)) == 2


def test_max_tokens_goes_by_its_newer_name_where_the_old_one_is_refused(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = unless(refuses("max_tokens"), UNSUPPORTED["max_tokens"])
    backend.client.ask("Hi", max_tokens=100)
    assert stub.calls[-1].body["max_completion_tokens"] == 100


@pytest.mark.parametrize(("name", "is_told"), [("temperature", True), ("stream_options", False), ("max_tokens", False)])
def test_a_parameter_of_the_user_s_that_was_left_out_is_told(
    name: str, is_told: bool, backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = unless(refuses(name), UNSUPPORTED[name])
    body = {"prompt": "Hi", **({name: GIVEN[name]} if name in GIVEN else {})}
    for _ in range(2):
        seen = read(requests.post(f"{backend.url}/query/stream", json=body, timeout=10).content)
        assert (seen.text, "notice" in seen.names) == ("Hello", is_told)
    if is_told:
        assert seen.bodies["notice"] == {
            "code": "parameter_left_out",
            "text": "The model does not take temperature; it was left out.",
        }


def test_a_value_that_is_out_of_range_is_the_user_s_to_change(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = scripts.respond(400, told("temperature must be less than or equal to 1", param="temperature"))
    with pytest.raises(ChatappError, match="temperature"):
        backend.client.ask("Hi", temperature=1.5)
    assert stub.hits == 1


def test_a_server_that_takes_no_zero_gets_next_to_nothing(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = unless(lambda body: body.get("top_p") == 0, told("top_p must be in (0, 1], got 0.0.", param="top_p"))
    assert backend.client.ask("Hi", top_p=0).answer == "Hello"
    assert 0 < stub.calls[-1].body["top_p"] < 0.001
    backend.client.ask("Hi", top_p=0.5)
    assert stub.calls[-1].body["top_p"] == 0.5


def test_a_server_that_refuses_whatever_it_is_sent_is_not_asked_for_ever(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = scripts.respond(400, UNSUPPORTED["stream_options"])
    with pytest.raises(UpstreamError):
        backend.client.ask("Hi")
    assert stub.hits == 2


def test_several_refusals_in_a_row_are_all_learned(backend: RunningBackend, stub: StubModel) -> None:
    async def picky(exchange: "Exchange") -> None:
        for name in ("stream_options", "temperature", "seed"):
            if name in exchange.call.body:
                return await exchange.respond(400, UNSUPPORTED[name])
        return await scripts.answer("Hello")(exchange)

    stub.default = picky
    assert backend.client.ask("Hi", temperature=0.5, seed=1).answer == "Hello"
    assert stub.hits == MOST_FORMS


def test_each_model_has_a_dialect_of_its_own(backend: RunningBackend, stub: StubModel) -> None:
    stub.models["picky"] = unless(refuses("temperature"), UNSUPPORTED["temperature"])
    backend.client.ask("Hi", model="picky", temperature=0.5)
    backend.client.ask("Hi", temperature=0.5)
    assert "temperature" in stub.calls[-1].body


def test_the_log_says_once_what_was_learned(
    backend: RunningBackend, stub: StubModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="chatapp")
    stub.default = unless(refuses("stream_options"), UNSUPPORTED["stream_options"])
    for _ in range(3):
        backend.client.ask("Hi")
    lines = [line for line in caplog.messages if "stream_options" in line]
    assert lines == ["the server of the model 'stub-model' refuses stream_options, and is asked in another form"]


def test_a_model_without_system_prompts_reads_them_with_the_question(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = unless(has_system, told("System role not supported"))
    assert backend.client.ask("Hi", system="Be brief.").answer == "Hello"
    assert stub.calls[-1].body["messages"] == [{"role": "user", "content": "Be brief.\n\nHi"}]


def test_a_template_that_wants_turns_gets_them(backend: RunningBackend, stub: StubModel) -> None:
    alternate = {"object": "error", "message": "Conversation roles must alternate user/assistant/...", "code": 400}
    stub.default = unless(does_not_alternate, alternate)
    greeting = [{"role": "assistant", "content": "Welcome."}]
    assert backend.client.ask("Hi", messages=greeting).answer == "Hello"
    assert stub.calls[-1].body["messages"] == [{"role": "user", "content": "Welcome.\n\nHi"}]
    assert backend.client.ask("Hi", system="Be brief.", messages=greeting).answer == "Hello"
    assert [message["role"] for message in stub.calls[-1].body["messages"]] == ["user", "assistant", "user"]


def test_a_question_that_got_no_answer_does_not_spoil_the_conversation(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("A1"))
    conversation_id = backend.client.ask("Q1", store=True).conversation_id
    stub.next(scripts.status(400))
    with pytest.raises(UpstreamError):
        backend.client.ask("Q2", conversation_id=conversation_id)
    stub.default = unless(does_not_alternate, told("roles must alternate"))
    assert backend.client.ask("Q3", conversation_id=conversation_id).answer == "Hello"
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Q1", "A1", "Q2\n\nQ3"]
    assert stub.hits == 3


def said(*messages: tuple[Role, str]) -> list[tuple[str, str]]:
    sent = messages_as_json(Message.of(role, text) for role, text in messages)
    return [(message["role"], message["content"]) for message in sent]


def test_what_one_side_says_in_a_row_is_one_message() -> None:
    assert said(("system", "a"), ("system", "b"), ("user", "c"), ("user", "d")) == [
        ("system", "a\n\nb"),
        ("user", "c\n\nd"),
    ]
    assert said(("user", "a"), ("assistant", ""), ("user", "b")) == [("user", "a\n\nb")]
    assert said(("user", ""), ("user", "b"), ("user", "")) == [("user", "b")]
    assert said(("user", "a"), ("assistant", "b"), ("user", "a")) == [("user", "a"), ("assistant", "b"), ("user", "a")]


def test_a_question_asked_again_in_the_same_words_is_asked_once() -> None:
    assert said(("user", "Why?"), ("assistant", ""), ("user", "Why?")) == [("user", "Why?")]


def test_a_model_that_never_goes_on_with_its_own_words_is_told_to() -> None:
    dialect, body = Dialect(), {"model": "m", "messages": [{"role": "assistant", "content": "Hm"}]}
    dialect.learn(LAST_ROLE, b"", body)
    assert [message["role"] for message in dialect.worded(body)["messages"]] == ["assistant", "user"]


@pytest.mark.parametrize(("status", "body", "is_about_value"), EFFORTS.values(), ids=EFFORTS.keys())
def test_an_effort_that_is_refused_in_any_words_is_left_out(status: int, body: Any, is_about_value: bool) -> None:
    sent = json.dumps({"error": {"message": body}} if isinstance(body, str) else body).encode()
    error = error_from_response(status, {}, sent, "m")
    assert isinstance(error, UpstreamParameterRefusedError)
    assert error.parameter == "reasoning_effort"

    dialect, asked = Dialect(), {"model": "m", "messages": [], "reasoning_effort": "xhigh"}
    dialect.learn("reasoning_effort", sent, asked)
    assert dialect.worded(asked) == {"model": "m", "messages": []}
    assert [notice.code for notice in dialect.notices(asked)] == ["parameter_left_out"]
    other = {**asked, "reasoning_effort": "low"}
    assert ("reasoning_effort" in dialect.worded(other)) is is_about_value


def test_an_effort_that_does_not_go_with_tools_is_none_where_the_server_wants_that() -> None:
    said = (
        b"Function tools with reasoning_effort are not supported for gpt-6-sol in /v1/chat/completions. To use "
        b"function tools, use /v1/responses or set reasoning_effort to 'none'."  # onyx#15008
    )
    dialect, asked = Dialect(), {"model": "m", "messages": [], "tools": [{}], "reasoning_effort": "medium"}
    dialect.learn("reasoning_effort", said, asked)
    assert dialect.worded(asked) == {**asked, "reasoning_effort": "none"}
    assert dialect.notices(asked)


def test_of_two_parameters_that_exclude_each_other_one_is_left_out_and_each_is_taken_alone() -> None:
    dialect, both = Dialect(), {"model": "m", "messages": [], "temperature": 0.5, "top_p": 0.5}
    dialect.learn("temperature", b"`temperature` and `top_p` cannot both be specified for this model.", both)
    assert dialect.worded(both) == {"model": "m", "messages": [], "temperature": 0.5}
    for name in ("temperature", "top_p"):
        alone = {"model": "m", "messages": [], name: 0.5}
        assert dialect.worded(alone) == alone


def test_a_value_that_is_the_only_one_a_model_takes_is_left_out() -> None:
    dialect, body = Dialect(), {"model": "m", "messages": [], "temperature": 0.2}
    dialect.learn("temperature", b"invalid temperature: only 1 is allowed for this model", body)
    assert dialect.worded(body) == {"model": "m", "messages": []}
    assert dialect.notices(body)


def test_what_the_system_says_comes_first_where_it_must() -> None:
    dialect, said = Dialect(), [("system", "a"), ("user", "b"), ("assistant", "c"), ("system", "d"), ("user", "e")]
    body = {"model": "m", "messages": [{"role": role, "content": text} for role, text in said]}
    dialect.learn(SYSTEM_FIRST, b"", body)
    sent = [(message["role"], message["content"]) for message in dialect.worded(body)["messages"]]
    assert sent == [("system", "a\n\nd"), ("user", "b"), ("assistant", "c"), ("user", "e")]


def test_what_a_developer_says_is_said_by_the_system_where_nobody_knows_him() -> None:
    said = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    for name in (DEVELOPER, SYSTEM_FIRST):
        dialect, body = Dialect(), {"model": "m", "messages": said}
        dialect.learn(name, b"", body)
        assert [message["role"] for message in dialect.worded(body)["messages"]] == ["system", "user"]
    dialect.learn(SYSTEM_ROLE, b"", body)
    assert dialect.worded(body)["messages"] == [{"role": "user", "content": "Be brief.\n\nHi"}]


CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
BLANK_PART = {"type": "text", "text": " "}


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ({"role": "assistant", "content": " \n"}, []),
        ({"role": "system", "content": ""}, []),
        ({"role": "assistant", "content": "", "tool_calls": [CALL]}, [None]),
        ({"role": "tool", "tool_call_id": "1", "content": ""}, ["(nothing)"]),
        ({"role": "user", "content": [BLANK_PART]}, ["(nothing)"]),
        ({"role": "user", "content": [BLANK_PART, {"type": "image_url"}]}, [[{"type": "image_url"}]]),
        ({"role": "user", "content": "Hi"}, ["Hi"]),
    ],
)
def test_no_message_is_empty_where_that_is_refused(message: dict[str, Any], sent: list[Any]) -> None:
    dialect, body = Dialect(), {"model": "m", "messages": [message]}
    dialect.learn(BLANKS, b"", body)
    assert [message["content"] for message in dialect.worded(body)["messages"]] == sent


def test_the_model_has_spoken_behind_each_tool_where_it_must() -> None:
    roles = ["user", "assistant", "tool", "tool", "user", "assistant", "tool", "assistant"]
    dialect, body = Dialect(), {"model": "m", "messages": [{"role": role, "content": "x"} for role in roles]}
    dialect.learn(AFTER_TOOL, b"", body)
    assert [message["role"] for message in dialect.worded(body)["messages"]] == [*roles[:4], "assistant", *roles[4:]]


def test_a_field_that_only_its_client_knows_is_left_out_where_it_is_refused_by_name(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = unless(refuses("tool_stream"), told("Validation: Unsupported parameter(s): `tool_stream`"))
    body = {"messages": [{"role": "user", "content": "Hi"}], "tool_stream": True}
    assert requests.post(f"{backend.url}/v1/chat/completions", json=body, timeout=10).ok
    assert ["tool_stream" in call.body for call in stub.calls] == [True, False]


def test_calls_of_tools_say_that_they_are_not_signed_where_signatures_are_missed() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed = {**call, "extra_content": {"google": {"thought_signature": "abc"}}}
    question, answer = {"role": "user", "content": "Q"}, {"role": "assistant", "content": None}
    dialect, body = Dialect(), {"model": "m", "messages": [question, {**answer, "tool_calls": [call, signed]}]}
    dialect.learn(SIGNATURES, b"", body)
    first, second = dialect.worded(body)["messages"][1]["tool_calls"]
    assert first["extra_content"]["google"]["thought_signature"] == "skip_thought_signature_validator"
    assert second == signed
    assert dialect.worded(body)["messages"][0] == question


def test_answers_come_without_thoughts_where_these_are_refused() -> None:
    answer = {"role": "assistant", "content": "A", "reasoning_content": "hm", "reasoning": "hm"}
    dialect, body = Dialect(), {"model": "m", "messages": [answer], "reasoning": {"effort": "low"}}
    dialect.learn(NO_THOUGHTS, b"", body)
    assert dialect.worded(body) == {"model": "m", "messages": [{"role": "assistant", "content": "A"}]}


def test_answers_come_with_thoughts_where_the_server_misses_them() -> None:
    said = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}, {"role": "user", "content": "R"}]
    dialect, body = Dialect(), {"model": "m", "messages": said}
    dialect.learn(THOUGHTS, b"", body)
    assert [message.get("reasoning_content") for message in dialect.worded(body)["messages"]] == [None, " ", None]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_that_a_client_sends_back_are_not_taken_from_it(name: str) -> None:
    answer = {"role": "assistant", "content": "A", name: "hm"}
    dialect, body = Dialect(), {"model": "m", "messages": [answer]}
    dialect.learn(THOUGHTS, b"", body)
    assert dialect.worded(body)["messages"][0]["reasoning_content"] == "hm"


def test_who_may_not_stream_gets_the_answer_in_one_piece(backend: RunningBackend, stub: StubModel) -> None:
    error = told("You must be verified to stream this model.", param="stream", code="unsupported_value")
    stub.default = unless(lambda body: bool(body["stream"]), error)
    for _ in range(2):
        assert backend.client.ask("Hi").answer == "Hello"
    assert [call.body["stream"] for call in stub.calls] == [True, False, False]
    assert "stream_options" not in stub.calls[-1].body


CREDIT = (
    "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford %s"
)


@pytest.mark.parametrize(
    ("affordable", "given", "sent"),
    [(3919, {}, [None, 3919]), (3919, {"max_tokens": 8000}, [8000]), (20, {}, [None]), (0, {}, [None])],
)
def test_an_answer_that_nobody_has_limited_is_as_long_as_the_account_can_pay_for(
    affordable: int, given: dict[str, int], sent: list[int | None], backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = unless(
        lambda body: body.get("max_tokens", 65536) > affordable,
        {"error": {"message": CREDIT % affordable, "code": 402}},
        status=402,
    )
    if len(sent) > 1:
        assert backend.client.ask("Hi", **given).answer == "Hello"
    else:
        with pytest.raises(ChatappError, match=f"of {affordable} tokens" if affordable else "no quota left"):
            backend.client.ask("Hi", **given)
    assert [call.body.get("max_tokens") for call in stub.calls] == sent


BLIND = unless(lambda body: "image_url" in str(body), told("No endpoints found that support image input"), status=404)


def test_a_picture_that_the_model_does_not_take_spoils_no_later_question(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.default = BLIND
    chat = StoredChat(backend.client)
    picture = backend.client.attach(io.BytesIO(documents.photo()), name="home.jpg")

    with pytest.raises(UpstreamParameterRefusedError, match="takes no pictures"):
        list(chat.ask("What is it?", attachments=[picture]))
    events = list(chat.ask("Never mind."))

    assert [event.text for event in events if isinstance(event, Text)] == ["Hello"]
    assert [event.code for event in events if isinstance(event, Notice)] == ["attachment_left_out"]


def test_a_conversation_with_pictures_goes_on_with_a_model_that_takes_none(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.models["blind"] = BLIND
    picture = backend.client.attach(io.BytesIO(documents.photo()), name="home.jpg")
    kept = backend.client.ask("What is it?", store=True, attachments=[picture.id]).conversation_id

    for _ in range(2):
        assert backend.client.ask("And now?", conversation_id=kept, model="blind").answer == "Hello"

    sent = ["image_url" in str(call.body) for call in stub.calls if call.body["model"] == "blind"]
    assert (sent[0], sent[-1], sent.count(True)) == (True, False, 1)


def test_a_dialect_with_nothing_learned_changes_nothing() -> None:
    body = {"model": "m", "messages": [], "stream": True}
    assert Dialect().worded(body) is body


def test_a_parameter_that_is_required_is_never_left_out() -> None:
    dialect, body = Dialect(), {"model": "m", "messages": [], "stream": True}
    for name in ("model", "messages", "unheard_of"):
        dialect.learn(name, b"unsupported parameter", body)
    assert dialect.worded(body) is body


def test_a_refused_parameter_that_cannot_be_helped_is_named(backend: RunningBackend, stub: StubModel) -> None:
    stub.default = scripts.respond(400, told("max_tokens is too large: at most 16384", param="max_tokens"))
    with pytest.raises(UpstreamParameterRefusedError, match="16384"):
        backend.client.ask("Hi", max_tokens=100_000)
    assert stub.hits == 1
