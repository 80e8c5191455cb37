"""Pages that an answer goes by: read however servers name them, and kept with the answer."""

import json
from typing import Any

import pytest

from chatapp.backend.models.openai.chunk import read_chunk
from chatapp.protocol.events import Citation, Done, Text
from chatapp.protocol.messages import CitationPart
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

A, B = "https://a.example/x?y=1", "http://b.example/"
OPENAI = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 4, "url": A, "title": "Page \n A"}}


def delta(**said: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": "So.", **said}}]}


NAMED: dict[str, tuple[dict[str, Any], list[Citation]]] = {
    "OpenAI": (delta(annotations=[OPENAI]), [Citation(A, "Page A")]),
    "OpenAI, whole": (
        {"choices": [{"index": 0, "message": {"content": "So.", "annotations": [OPENAI]}, "finish_reason": "stop"}]},
        [Citation(A, "Page A")],
    ),
    "flat annotations": (delta(annotations=[{"type": "url_citation", "url": B}]), [Citation(B)]),
    "Perplexity": (
        {**delta(), "citations": [A, B], "search_results": [{"title": "Page B", "url": B, "date": None}]},
        [Citation(A), Citation(B, "Page B"), Citation(B, "Page B")],
    ),
    "xAI": ({"choices": [], "citations": [A]}, [Citation(A)]),
    "Mistral": (
        delta(
            content=[{"type": "text", "text": "So."}, {"type": "tool_reference", "tool": "web", "title": "P", "url": A}]
        ),
        [Citation(A, "P")],
    ),
}
ODD = [
    5, "x", {}, [None], [[A]], [5], [{"url": 5}], ["javascript:alert(1)"], ["ftp://a"], ["https://a b"], ["https://a\nb"],
    [{"url_citation": None}], [{"url_citation": [A]}], ["https://" + "a" * 3000],
]  # fmt: skip


@pytest.mark.parametrize("told", NAMED)
def test_pages_are_read_however_a_server_names_them(told: str) -> None:
    body, named = NAMED[told]
    chunk = read_chunk(json.dumps(body).encode())
    assert chunk is not None
    assert chunk.citations == named
    assert "".join(text for _, text in chunk.pieces) == ("" if told == "xAI" else "So.")


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_odd_about_them_never_costs_the_answer(odd: Any) -> None:
    for body in (delta(annotations=odd), {**delta(), "citations": odd}, {**delta(), "search_results": odd}):
        chunk = read_chunk(json.dumps(body).encode())
        assert chunk is not None
        assert (chunk.pieces, chunk.citations, chunk.failure) == ([(Text, "So.")], [], None)


def test_pages_are_told_once_and_stay_with_the_answer(shared: RunningBackend, model: StubModel) -> None:
    client = shared.client
    beside = {"citations": [A, B], "search_results": [{"title": "Page B", "url": B}]}
    chunks = [{**delta(content=text), **beside} for text in ("See ", "[1] ", "and [2].")]
    model.default = scripts.answer(*chunks, delta(content="", annotations=[OPENAI]))

    answer = client.ask("Why?", store=True)

    assert (answer.answer, answer.citations) == ("See [1] and [2].", (Citation(A), Citation(B, "Page B")))
    conversation = str(answer.conversation_id)
    message = client.conversations.messages(conversation).items[-1]
    assert message.parts[1:] == (CitationPart(A), CitationPart(B, "Page B"))
    events = list(client.stream("And?", conversation_id=conversation))
    assert [event for event in events if isinstance(event, Citation)] == list(answer.citations)
    assert [event for event in client.resume(str(answer.turn_id)) if not isinstance(event, Text | Done)][1:] == list(
        answer.citations
    )
    assert model.calls[-1].body["messages"][1] == {"role": "assistant", "content": "See [1] and [2]."}
    assert f"Source: Page B, {B}" in client.conversations.export(conversation, "md").decode()
