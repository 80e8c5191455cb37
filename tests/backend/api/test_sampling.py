"""How the model chooses its words in a conversation, over the API: real backend, stub model."""

import json
from io import BytesIO
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.errors import InvalidRequestError
from support.stub_model import StubModel

SAMPLING = {"temperature": 0.5, "max_tokens": 100, "reasoning_effort": "low"}


def test_a_conversation_s_sampling_goes_along_until_it_is_taken_away(client: BackendClient, stub: StubModel) -> None:
    conversation = client.conversations.begin(sampling=SAMPLING)
    assert conversation.sampling == SAMPLING
    client.ask("One?", conversation_id=conversation.id)
    client.ask("Two?", conversation_id=conversation.id, reasoning_effort="high")
    client.conversations.change(conversation.id, sampling={"temperature": None})
    client.ask("Three?", conversation_id=conversation.id)

    shown = [{name: call.body.get(name) for name in SAMPLING} for call in stub.calls]

    assert shown == [SAMPLING, {**SAMPLING, "reasoning_effort": "high"}, dict.fromkeys(SAMPLING)]
    assert client.conversations.get(conversation.id).sampling is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (SAMPLING, SAMPLING),
        ({**SAMPLING, "temperature": 3, "reasoning_effort": "wild"}, {"max_tokens": 100}),
        ("much", None),
    ],
)
def test_it_is_taken_along_in_an_export_as_far_as_it_can_be_asked_for(
    told: Any, kept: Any, client: BackendClient
) -> None:
    conversation = str(client.ask("One?", store=True).conversation_id)
    client.conversations.change(conversation, sampling=SAMPLING)
    exported = json.loads(client.conversations.export(conversation, "json"))
    exported["conversations"][0]["sampling"] = told
    file = json.dumps(exported).replace(conversation, "f" * 32).encode()

    client.conversations.import_file(BytesIO(file))

    (imported,) = [item for item in client.conversations.page().items if item.id != conversation]
    assert imported.sampling == kept


@pytest.mark.parametrize("wrong", [{"temperature": 3}, {"reasoning_effort": "wild"}, {"seed": 1}, "much"])
def test_what_cannot_be_asked_for_is_refused(wrong: Any, client: BackendClient) -> None:
    with pytest.raises(InvalidRequestError):
        client.conversations.begin(sampling=wrong)
