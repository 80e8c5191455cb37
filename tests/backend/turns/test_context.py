"""How much of a conversation the model reads."""

import time
from collections.abc import Callable

import pytest

from chatapp.backend.turns.context_fitter import estimated_tokens, fitted
from chatapp.errors import ContextLengthExceededError
from chatapp.protocol.messages import Message
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import Call, Exchange, StubModel
from support.turn_steps import begin, messages, read_on, wait_for

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
    backend = run_backend(context_tokens=300)
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


def longer_than(most: int, refusal: scripts.Script) -> scripts.Script:
    """Refuse conversations of more than `most` messages, answer others."""
    answer = scripts.answer("fits")

    async def script(exchange: Exchange) -> None:
        await (refusal if len(said(exchange.call)) > most else answer)(exchange)

    return script


def test_a_conversation_is_shortened_until_it_fits(backend: RunningBackend, stub: StubModel) -> None:
    conversation_id = talk(backend, *(f"{number}?" for number in range(10)))
    stub.default = longer_than(3, TOO_LONG)
    seen = read_on(backend, begin(backend, "And?", conversation_id=conversation_id).turn_id)
    assert seen.text == "fits"
    left_out = 21 - len(said(stub.calls[-1]))
    assert seen.names.count("notice") == 1
    assert seen.bodies["notice"]["text"] == f"{left_out} earlier messages were left out to fit the model's context."
    assert stub.hits < 10 + 6


def test_a_question_that_is_refused_alone_is_refused(backend: RunningBackend, stub: StubModel) -> None:
    conversation_id = talk(backend, "One?", "Two?")
    stub.default = TOO_LONG
    with pytest.raises(ContextLengthExceededError):
        backend.client.ask("Three?", conversation_id=conversation_id)
    assert said(stub.calls[-1]) == ["Three?"]
    assert stub.hits < 2 + 5


def test_the_window_that_a_refusal_states_is_used_at_once(backend: RunningBackend, stub: StubModel) -> None:
    conversation_id = talk(backend, *(f"{number} and so on " * 20 for number in range(20)))
    stated = {"code": 400, "message": "the request exceeds the available context size", "n_ctx": 200}
    refusal = scripts.respond(400, {"error": {**stated, "n_prompt_tokens": 4000, "type": "exceed_context_size_error"}})
    stub.default = longer_than(4, refusal)
    backend.client.ask("And?", conversation_id=conversation_id)
    assert stub.hits == 20 + 2
    backend.client.ask("And then?", conversation_id=conversation_id)
    assert stub.hits == 20 + 3


def test_the_model_server_is_asked_once_how_much_it_can_read(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, {"data": [{"id": "stub-model", "max_model_len": 80}]})
    talk(backend, "long " * 60, "Two?", "Three?")
    assert "long " * 60 not in said(stub.calls[-1])
    assert len([call for call in stub.requests if call.method == "GET"]) == 1


def test_a_first_question_does_not_wait_for_the_list_of_models(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.silence
    backend.client.ask("One?", store=True)
    assert [call.method for call in stub.requests] == ["POST"]


def test_a_list_that_could_not_be_had_is_asked_for_again(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.html(503)
    conversation_id = talk(backend, "long " * 60, "Two?")
    stub.listing = scripts.respond(200, {"data": [{"id": "stub-model", "max_model_len": 80}]})

    def is_left_out() -> bool:
        backend.client.ask("Three?", conversation_id=conversation_id)
        return "long " * 60 not in said(stub.calls[-1])

    wait_for(is_left_out)


def test_what_the_server_says_goes_before_what_is_known_of_the_name(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.respond(200, {"data": [{"id": "gpt-4o", "max_model_len": 80}]})
    talk(backend, "long " * 60, "Two?", model="gpt-4o")
    assert said(stub.calls[-1]) == ["Two?"]


def test_a_list_of_models_that_cannot_be_had_stops_nobody(backend: RunningBackend, stub: StubModel) -> None:
    stub.listing = scripts.html(502)
    talk(backend, "One?", "Two?")
    assert len(said(stub.calls[-1])) == 3


def user(content: str) -> Message:
    return Message.of("user", content)


def assistant(content: str) -> Message:
    return Message.of("assistant", content)


SYSTEM = Message.of("system", "Be brief.")
TALK = [user("q" * 30), assistant("a" * 30), user("r" * 30), assistant("b" * 30)]


def test_everything_goes_along_where_it_fits() -> None:
    assert fitted([SYSTEM, *TALK, user("?")], tokens=1000) == ([SYSTEM, *TALK, user("?")], 0)


@pytest.mark.parametrize(("tokens", "left_out"), [(64, 0), (63, 2), (32, 2), (31, 4), (0, 4), (-50, 4)])
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


PROSE = "The quick brown fox jumps over the lazy dog and runs away. " * 20
MEASURED = {
    "prose": (PROSE, len(PROSE) / 3 * 0.67),
    "CSV": ("2024-01-05,1042,19.99,3,59.97\n" * 30, 30 * 30),
    "hex": ("3f9a0c7be1d24856" * 40, 640 / 3 * 2.59),
    "UUIDs": ("550e8400-e29b-41d4-a716-446655440000\n" * 20, 740 / 3 * 2.77),
    "JSON log": ('{"ts":1718031234,"level":"info","ms":12.5,"id":48213}\n' * 20, 1080 / 3 * 2.15),
    "Thai": ("สวัสดีครับ" * 30, 900 / 3 * 1.90),
    "Chinese": ("请问如何使用编写爬虫" * 30, 900 / 3 * 1.81),
    "emoji": ("😀🎉👍" * 50, 600 / 3 * 2.21),
}
"""Texts, and the tokens that SmolLM2's tokenizer makes of their kind."""


@pytest.mark.parametrize("kind", MEASURED)
def test_the_estimate_is_near_what_tokenizers_do(kind: str) -> None:
    text, tokens = MEASURED[kind]
    assert 0.85 < estimated_tokens(user(text)) / tokens < 1.7


@pytest.mark.parametrize("text", ["0 0 0 0", "aAaAaA", "a.a.a.", "  0", "é", "请", "😀", "aA0 "])
def test_what_surely_fits_is_not_reckoned_up(text: str) -> None:
    assert estimated_tokens(user(text * 100)) <= 100 * len(text) * (1 if text.isascii() else 4) + 8


def test_the_estimate_takes_no_longer_than_reading_does() -> None:
    began = time.thread_time()
    estimated_tokens(user("a1 ,é请😀" * 300_000))
    assert time.thread_time() - began < 1


def test_what_the_server_counts_corrects_the_estimate(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(context_tokens=400)
    dear = {"choices": [], "usage": {"prompt_tokens": 390, "completion_tokens": 1, "total_tokens": 391}}
    stub.default = scripts.answer("Yes", usage=False)
    spoken = [Message.of(role, "word " * 20) for role in ("user", "assistant")] * 3
    earlier = [{"role": message.role, "content": message.text} for message in spoken]

    backend.client.ask("Why?", messages=earlier)
    assert len(said(stub.calls[-1])) == 7
    stub.next(scripts.answer("Yes", dear, usage=False))
    backend.client.ask("Why?", messages=earlier)
    backend.client.ask("Why?", messages=earlier)
    assert len(said(stub.calls[-1])) < 7
