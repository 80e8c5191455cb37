"""What a question would take, before it is asked: the same that goes along once it is."""

from collections.abc import Callable
from typing import Any

import pytest

from chatapp.errors import NotFoundError
from chatapp.protocol.usage_line import gauge_parts
from chatapp.protocol.usage_resources import EstimateInfo
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

RunBackend = Callable[..., RunningBackend]


def test_the_estimate_is_of_what_goes_along_then(run_backend: RunBackend, stub: StubModel) -> None:
    stub.default = scripts.answer("answer " * 5)
    backend = run_backend(context_tokens=300)
    first = backend.client.ask("0 " * 20, store=True, system="Be brief.")
    for number in range(1, 6):
        backend.client.ask(f"{number} " * 20, conversation_id=first.conversation_id)
    asked = stub.hits
    told = backend.client.estimate("6 " * 20, conversation_id=first.conversation_id)
    following = backend.client.estimate(conversation_id=first.conversation_id)
    assert stub.hits == asked
    backend.client.ask("6 " * 20, conversation_id=first.conversation_id)
    sent = stub.calls[-1].body["messages"]
    assert (told.messages + 1, told.left_out) == (len(sent), 14 - len(sent))  # the instructions are no message
    assert following.messages + following.left_out == 12
    assert (told.model, told.window, told.share) == ("stub-model", 300, round(told.prompt_tokens / 300, 4))
    assert (told.cost, told.price_source) == ("0", "local")


def test_a_question_in_words_of_its_client_is_estimated_by_the_price_of_its_model(
    run_backend: RunBackend, stub: StubModel, tmp_path: Any
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(f'[connections.paid]\nbase_url = "{stub.url}"\nprices = {{ input = 2, output = 9 }}\n')
    backend = run_backend(connections=str(file))
    earlier = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So be it."}]
    told = backend.client.estimate("And then?", messages=earlier, model="paid/m")
    assert (told.messages, told.price_source, stub.hits) == (3, "connection", 0)
    assert told.cost == f"{told.prompt_tokens * 2 / 1e6:.6f}".rstrip("0")
    assert backend.client.estimate().messages == 0


def test_the_parameters_of_a_conversation_hold_for_its_estimate_too(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(context_tokens=4000)
    conversation = backend.client.conversations.begin(sampling={"max_tokens": 1})
    backend.client.ask("word " * 600, conversation_id=conversation.id)
    backend.client.ask("word " * 600, conversation_id=conversation.id)
    assert backend.client.estimate("word " * 900, conversation_id=conversation.id).left_out == 0
    backend.client.conversations.change(conversation.id, sampling={"max_tokens": 3000})
    assert backend.client.estimate("word " * 900, conversation_id=conversation.id).left_out > 0


def test_nobody_learns_what_another_s_question_would_take(run_backend: RunBackend) -> None:
    backend = run_backend()
    with pytest.raises(NotFoundError):
        backend.client.estimate("Why?", conversation_id="0" * 32)


WORDS = {
    "1 message, about 12 tokens": EstimateInfo("m", 1, 0, 12, cost="0", price_source="local"),
    "2 messages, about 3,400 tokens, 3 % of 128,000, $0.0012": EstimateInfo(
        "m", 2, 0, 3400, 128_000, 0.0266, "0.0012", "list"
    ),
    "9 messages, about 9 tokens, under 1 % of 1,000, price unknown, 4 earlier left out": EstimateInfo(
        "m", 9, 4, 9, 1000, 0.009
    ),
}


@pytest.mark.parametrize("said", WORDS)
def test_what_goes_along_is_said_in_a_line(said: str) -> None:
    assert ", ".join(gauge_parts(WORDS[said])) == said
