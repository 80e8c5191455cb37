"""How much of a conversation the model reads."""

from collections.abc import Callable

import pytest

from chatapp.backend.turns.context import estimated_tokens, fitted
from chatapp.errors import ContextLengthExceededError
from chatapp.protocol.messages import Message
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import Call, StubModel
from support.turn_steps import begin, messages, read_on

RunBackend = Callable[..., RunningBackend]
TOO_LONG = scripts.status(400, "This model's maximum context length is 60 tokens.", code="context_length_exceeded")


def said(call: Call) -> list[str]:
    return [message["content"] for message in call.body["messages"]]


def talk(backend: RunningBackend, *prompts: str, **fields: object) -> str:
    """Ask one question after the other, and give the id of the conversation."""
    conversation_id = None
    for prompt in prompts:
        where = {"conversation_id": conversation_id} if conversation_id else {"store": True, **fields}
        conversation_id = backend.client.ask(prompt, **where).conversation_id
    return str(conversation_id)


def test_the_model_reads_the_whole_conversation(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("1"), scripts.answer("2"), scripts.answer("3"))
    talk(backend, "One?", "Two?", "Three?", system="Be brief.")
    assert said(stub.calls[-1]) == ["Be brief.", "One?", "1", "Two?", "2", "Three?"]
    assert [message["role"] for message in stub.calls[-1].body["messages"]][:3] == ["system", "user", "assistant"]


def test_the_oldest_turns_are_left_out_when_the_window_is_full(run_backend: RunBackend, stub: StubModel) -> None:
    stub.default = scripts.answer("answer " * 5)
    backend = run_backend(context_tokens=160)
    talk(backend, *(f"{number} " * 20 for number in range(6)), system="Be brief.")
    system, *between, last = stub.calls[-1].body["messages"]
    assert (system["content"], last["content"]) == ("Be brief.", "5 " * 20)
    assert [message["role"] for message in between] == ["user", "assistant"] * (len(between) // 2)
    assert 0 < len(between) < 10
    assert between[-2]["content"] == "4 " * 20


def test_a_notice_says_how_many_are_left_out(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(context_tokens=160)
    conversation_id = talk(backend, "long " * 60, "long " * 60)
    seen = read_on(backend, begin(backend, "And?", conversation_id=conversation_id).turn_id)
    left_out = 5 - len(said(stub.calls[-1]))
    assert seen.bodies["notice"] == {
        "code": "context_trimmed",
        "text": f"{left_out} earlier messages were left out to fit the model's context.",
    }
    assert seen.names[-1] == "done"


def test_what_was_left_out_is_kept(run_backend: RunBackend) -> None:
    backend = run_backend(context_tokens=40)
    conversation_id = talk(backend, "long " * 60, "And?")
    assert len(messages(backend, conversation_id)) == 4


def test_messages_that_the_client_holds_are_fitted_too(run_backend: RunBackend, stub: StubModel) -> None:
    earlier = [{"role": "user", "content": "long " * 60}, {"role": "assistant", "content": "Hm."}]
    run_backend(context_tokens=60).client.ask("And?", messages=earlier, system="Be brief.")
    assert said(stub.calls[-1]) == ["Be brief.", "And?"]


def test_a_question_that_is_too_long_by_itself_is_the_model_s_to_refuse(
    run_backend: RunBackend, stub: StubModel
) -> None:
    stub.default = TOO_LONG
    with pytest.raises(ContextLengthExceededError):
        run_backend(context_tokens=40).client.ask("long " * 60)
    assert stub.hits == 1


def test_a_conversation_the_model_finds_too_long_is_tried_once_more_without_its_older_half(
    backend: RunningBackend, stub: StubModel
) -> None:
    conversation_id = talk(backend, "One?", "Two?", "Three?")
    stub.next(TOO_LONG, scripts.answer("fits"))
    seen = read_on(backend, begin(backend, "Four?", conversation_id=conversation_id).turn_id)
    assert seen.text == "fits"
    assert seen.bodies["notice"]["code"] == "context_trimmed"
    assert (len(said(stub.calls[-2])), said(stub.calls[-1])[-1]) == (7, "Four?")
    assert len(said(stub.calls[-1])) < 5


def test_there_is_one_such_try(backend: RunningBackend, stub: StubModel) -> None:
    conversation_id = talk(backend, "One?", "Two?")
    stub.default = TOO_LONG
    with pytest.raises(ContextLengthExceededError):
        backend.client.ask("Three?", conversation_id=conversation_id)
    assert stub.hits == 4


def test_the_model_server_is_asked_once_how_much_it_can_read(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, {"data": [{"id": "stub-model", "max_model_len": 80}]})
    talk(backend, "long " * 60, "Two?", "Three?")
    assert "long " * 60 not in said(stub.calls[-1])
    assert len([call for call in stub.requests if call.method == "GET"]) == 1


def test_a_first_question_does_not_wait_for_the_list_of_models(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.silence
    backend.client.ask("One?", store=True)
    assert [call.method for call in stub.requests] == ["POST"]


def test_a_list_of_models_that_cannot_be_had_stops_nobody(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.html(502)
    talk(backend, "One?", "Two?")
    assert len(said(stub.calls[-1])) == 3


def user(content: str) -> Message:
    return Message.of("user", content)


def assistant(content: str) -> Message:
    return Message.of("assistant", content)


SYSTEM = Message.of("system", "Be brief.")
TALK = [user("1" * 30), assistant("a" * 30), user("2" * 30), assistant("b" * 30)]


def test_everything_goes_along_where_it_fits() -> None:
    assert fitted([SYSTEM, *TALK, user("?")], tokens=1000) == ([SYSTEM, *TALK, user("?")], 0)


@pytest.mark.parametrize(("tokens", "left_out"), [(72, 0), (71, 2), (36, 2), (35, 4), (0, 4), (-50, 4)])
def test_whole_turns_are_left_out_oldest_first(tokens: int, left_out: int) -> None:
    around = sum(map(estimated_tokens, [SYSTEM, user("?")]))
    kept, count = fitted([SYSTEM, *TALK, user("?")], tokens=tokens + around)
    assert count == left_out
    assert kept == [SYSTEM, *TALK[left_out:], user("?")]


def test_the_older_half_is_left_out_where_nobody_knows_the_window() -> None:
    assert fitted([SYSTEM, *TALK, user("?")], tokens=None) == ([SYSTEM, *TALK[2:], user("?")], 2)


def test_system_prompt_and_question_alone_cannot_be_shortened() -> None:
    assert fitted([SYSTEM, user("?")], tokens=None) == ([SYSTEM, user("?")], 0)


def test_an_answer_without_its_question_is_not_left_at_the_beginning() -> None:
    kept, left_out = fitted([user("1" * 300), assistant("a"), assistant("b"), user("2"), user("?")], tokens=60)
    assert (kept, left_out) == ([user("2"), user("?")], 3)


def test_other_scripts_count_more_than_latin() -> None:
    assert estimated_tokens(user("你好吗" * 10)) > estimated_tokens(user("abc" * 10)) * 1.5
