"""Conversations over HTTP: begun, gone on with, branched, listed, changed, thrown away; each its owner's alone."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from chatapp.client import BackendClient
from chatapp.errors import ChatappError, InvalidRequestError, NotFoundError, UpstreamAuthError
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import begin, contents, messages, wait_until_over

RunBackend = Callable[..., RunningBackend]


def said(stub: StubModel) -> list[str]:
    """Return what the model read last."""
    return [message["content"] for message in stub.calls[-1].body["messages"]]


def talk(client: BackendClient, *prompts: str) -> str:
    """Ask one question after the other, and give the id of the conversation."""
    conversation_id = client.ask(prompts[0], store=True).conversation_id
    for prompt in prompts[1:]:
        client.ask(prompt, conversation_id=conversation_id)
    return str(conversation_id)


def titles(client: BackendClient, **options: Any) -> list[str]:
    return [conversation.title for conversation in client.conversations.page(**options).items]


def test_a_question_to_be_kept_begins_a_conversation(backend: RunningBackend) -> None:
    answer = backend.client.ask("What is Python?", store=True)
    question, reply = messages(backend, answer.conversation_id)
    assert (question["role"], question["content"], question["status"]) == ("user", "What is Python?", "complete")
    assert (reply["content"], reply["turn_id"], reply["usage"]) == (answer.answer, answer.turn_id, scripts.USAGE)
    assert reply["usage_details"] == answer.usage_details
    assert (reply["parent_id"], reply["model"], reply["finish_reason"]) == (question["id"], "stub-model", "stop")


def test_a_plain_question_is_not_kept(client: BackendClient) -> None:
    client.ask("Why?")
    list(client.stream("Why?", store=False))
    assert titles(client) == []


def test_a_conversation_is_gone_on_with_from_its_history(client: BackendClient, stub: StubModel) -> None:
    stub.next(scripts.answer("1"))
    talk(client, "One?", "Two?")
    assert said(stub) == ["One?", "1", "Two?"]


def test_a_conversation_is_there_after_a_restart(run_backend: RunBackend, stub: StubModel) -> None:
    before = run_backend()
    conversation_id = talk(before.client, "One?")
    before.stop()
    run_backend().client.ask("Two?", conversation_id=conversation_id)
    assert said(stub) == ["One?", "Hello from the stub.", "Two?"]


def test_a_conversation_can_be_begun_empty(client: BackendClient, stub: StubModel) -> None:
    begun = client.conversations.begin(title="Mine", system="Be brief.", model="big")
    answer = client.ask("Why?", conversation_id=begun.id)
    assert (answer.model, said(stub)) == ("big", ["Be brief.", "Why?"])
    assert titles(client) == ["Mine"]


def test_a_list_does_not_carry_what_each_conversation_is_told(client: BackendClient, backend: RunningBackend) -> None:
    begun = client.conversations.begin(title="Mine", system="Be brief. " * 10_000)
    assert client.conversations.get(begun.id).system == begun.system
    for query in ("", "?q=mine"):
        listed = requests.get(f"{backend.url}/conversations{query}", timeout=10)
        assert len(listed.content) < 2000
        assert listed.json()["items"][0]["system"] == begun.system[:1000]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("What is Python?", "What is Python?"),
        ("\n\n# **Plan**\nfor `today`", "Plan"),
        ("word " * 40, "word word word word word word word word word word word…"),
        ("See " + "x" * 80, "See " + "x" * 55 + "…"),
        ("a" * 29 + " " + "x" * 80, "a" * 29 + "…"),
        ("a" * 28 + " " + "x" * 80, "a" * 28 + " " + "x" * 30 + "…"),
        ("…?!", None),
    ],
)
def test_the_first_question_gives_the_title(prompt: str, title: str | None, client: BackendClient) -> None:
    client.ask(prompt, store=True)
    assert titles(client) == [title]


def test_the_list_begins_with_pinned_ones_and_then_the_last_talked_in(client: BackendClient) -> None:
    first, second, _third = (talk(client, prompt) for prompt in ("First", "Second", "Third"))
    client.conversations.change(second, pinned=True)
    client.ask("And?", conversation_id=first)
    assert titles(client) == ["Second", "First", "Third"]


def test_pages_of_the_list_hold_everything_once(client: BackendClient) -> None:
    for number in range(7):
        client.conversations.begin(title=str(number))
    seen, cursor = [], None
    while True:
        page = client.conversations.page(limit=3, cursor=cursor)
        seen += [conversation.title for conversation in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_pages_of_a_conversation_go_back_to_its_beginning(backend: RunningBackend) -> None:
    conversation_id = talk(backend.client, "One?", "Two?", "Three?")
    last = backend.client.conversations.messages(conversation_id, limit=4)
    first = backend.client.conversations.messages(conversation_id, limit=4, before=last.next)
    assert [item.content for item in first.items if item.role == "user"] == ["One?"]
    assert [item.content for item in last.items if item.role == "user"] == ["Two?", "Three?"]
    assert first.next is None


def test_a_conversation_can_be_renamed_and_put_away(client: BackendClient) -> None:
    conversation_id = talk(client, "One?")
    changed = client.conversations.change(conversation_id, title="New", archived=True)
    assert (changed.title, bool(changed.archived_at)) == ("New", True)
    assert (titles(client), titles(client, state="archived")) == ([], ["New"])


def test_a_title_of_blanks_is_none(client: BackendClient) -> None:
    conversation_id = talk(client, "One?")
    assert client.conversations.change(conversation_id, title=" \t").title is None


@pytest.mark.parametrize("name", ["state", "shelf"])
def test_conversations_are_listed_by_their_state(name: str, backend: RunningBackend) -> None:
    away, here = talk(backend.client, "One?"), talk(backend.client, "Two?")
    backend.client.conversations.change(away, archived=True)
    listed = {
        state: [
            item["id"]
            for item in requests.get(f"{backend.url}/conversations?{name}={state}", timeout=5).json()["items"]
        ]
        for state in ("active", "archived", "deleted")
    }
    assert listed == {"active": [here], "archived": [away], "deleted": []}


@pytest.mark.parametrize(
    "changes", [{"pinned": None}, {"archived": None}, {"leaf_id": None}, {"pinned": 1}, {"owner": "bob"}, {"id": "x"}]
)
def test_changes_that_make_no_sense_are_refused(changes: dict[str, Any], client: BackendClient) -> None:
    conversation_id = talk(client, "One?")
    with pytest.raises(InvalidRequestError):
        client.conversations.change(conversation_id, **changes)


def test_a_conversation_thrown_away_can_be_taken_back(client: BackendClient) -> None:
    conversation_id = talk(client, "One?")
    client.conversations.delete(conversation_id)
    with pytest.raises(NotFoundError):
        client.ask("Two?", conversation_id=conversation_id)
    assert (titles(client), titles(client, state="deleted")) == ([], ["One?"])
    client.conversations.restore(conversation_id)
    assert titles(client) == ["One?"]


def test_an_edited_question_begins_a_branch_of_its_own(backend: RunningBackend, stub: StubModel) -> None:
    client = backend.client
    stub.next(*map(scripts.answer, "123"))
    conversation_id = talk(client, "One?", "Two?")
    old = messages(backend, conversation_id)[2]
    client.ask("Too?", conversation_id=conversation_id, parent_id=old["parent_id"])
    assert said(stub) == ["One?", "1", "Too?"]
    assert contents(backend, conversation_id) == ["One?", "1", "Too?", "3"]
    assert contents(backend, conversation_id, branch=old["id"]) == ["One?", "1", "Two?", "2"]
    assert messages(backend, conversation_id)[2]["siblings"][0] == old["id"]


def test_an_edited_first_question_begins_at_the_root(backend: RunningBackend, stub: StubModel) -> None:
    conversation_id = talk(backend.client, "One?", "Two?")
    backend.client.ask("Eins?", conversation_id=conversation_id, parent_id="root")
    assert said(stub) == ["Eins?"]
    assert contents(backend, conversation_id)[0] == "Eins?"


def test_another_answer_stands_beside_the_first(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(*map(scripts.answer, "12"))
    conversation_id = talk(backend.client, "One?")
    first = messages(backend, conversation_id)[-1]
    list(backend.client.conversations.regenerate(conversation_id, model="big", temperature=1))
    assert stub.calls[-1].body.items() >= {"model": "big", "temperature": 1}.items()
    assert said(stub) == ["One?"]
    second = messages(backend, conversation_id)[-1]
    assert (first["content"], second["content"]) == ("1", "2")
    assert second["siblings"] == [first["id"], second["id"]]


def test_the_model_of_another_answer_is_asked_that_once(client: BackendClient, stub: StubModel) -> None:
    conversation_id = talk(client, "One?")
    list(client.conversations.regenerate(conversation_id, model="big"))
    client.ask("Two?", conversation_id=conversation_id)
    assert stub.calls[-1].body["model"] == "stub-model"


def test_a_branch_can_be_shown_and_gone_on_with(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(*map(scripts.answer, "1234"))
    conversation_id = talk(backend.client, "One?", "Two?")
    old = messages(backend, conversation_id)
    backend.client.ask("Eins?", conversation_id=conversation_id, parent_id="root")
    backend.client.conversations.change(conversation_id, leaf_id=old[0]["id"])
    assert contents(backend, conversation_id) == ["One?", "1", "Two?", "2"]
    backend.client.ask("Three?", conversation_id=conversation_id)
    assert said(stub) == ["One?", "1", "Two?", "2", "Three?"]


def test_nothing_to_answer_again_is_refused(client: BackendClient) -> None:
    begun = client.conversations.begin()
    with pytest.raises(InvalidRequestError):
        client.conversations.regenerate(begun.id)


@pytest.mark.parametrize("path", ["?cursor=x", "?limit=0", "?limit=201", "?state=attic", "?shelf=attic"])
def test_a_page_that_makes_no_sense_is_refused(path: str, backend: RunningBackend) -> None:
    assert requests.get(f"{backend.url}/conversations{path}", timeout=5).status_code == 422


@pytest.mark.parametrize("name", ["nowhere", "0" * 32, "%00", "%F0%9F%98%80", "x" * 5000, "'; DROP TABLE turns"])
def test_a_conversation_that_is_not_there_is_404(name: str, backend: RunningBackend) -> None:
    for path in (name, f"{name}/messages", f"{name}/export"):
        response = requests.get(f"{backend.url}/conversations/{path}", timeout=5)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_an_answer_that_was_refused_is_recorded_and_not_read_by_the_model(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.status(401))
    with pytest.raises(UpstreamAuthError):
        backend.client.ask("One?", store=True)
    (conversation,) = backend.client.conversations.page().items
    refused = messages(backend, conversation.id)[-1]
    assert (refused["status"], refused["content"], refused["error"]["code"]) == ("failed", "", "upstream_auth")
    backend.client.ask("Two?", conversation_id=conversation.id)
    assert said(stub) == ["One?\n\nTwo?"]


def test_half_an_answer_stays_in_the_history(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.reset))
    start = begin(backend)
    assert wait_until_over(backend, start.turn_id)["status"] == "incomplete"
    backend.client.ask("Go on.", conversation_id=start.conversation_id)
    assert said(stub) == ["Why?", "half an", "Go on."]


def test_reasoning_does_not_go_back_to_the_model(client: BackendClient, stub: StubModel) -> None:
    stub.next(scripts.answer(scripts.delta(reasoning="hm"), "1"))
    talk(client, "One?", "Two?")
    assert said(stub) == ["One?", "1", "Two?"]


def test_the_answer_in_the_making_is_named(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    start = begin(backend)
    (conversation,) = backend.client.conversations.page().items
    reply = messages(backend, start.conversation_id)[-1]
    assert conversation.active_turn_id == reply["turn_id"] == start.turn_id
    assert reply["status"] == "streaming"


VERBS: dict[str, Callable[[BackendClient, str], object]] = {
    "look": lambda client, it: client.conversations.get(it),
    "read": lambda client, it: client.conversations.messages(it),
    "change": lambda client, it: client.conversations.change(it, title="Mine"),
    "delete": lambda client, it: client.conversations.delete(it),
    "restore": lambda client, it: client.conversations.restore(it),
    "ask": lambda client, it: client.ask("And?", conversation_id=it),
    "stream": lambda client, it: client.stream("And?", conversation_id=it),
    "regenerate": lambda client, it: client.conversations.regenerate(it),
    "export": lambda client, it: client.conversations.export(it, "json"),
}


@pytest.fixture(scope="module")
def guarded(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A backend with two users."""
    from support.running_backend import backend_before  # noqa: PLC0415 - a second that other tests need not pay

    with backend_before(model, tmp_path_factory.mktemp("data"), api_keys="ada:a,bob:b") as backend:
        yield backend


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_somebody_else_s_conversation_does_not_exist(verb: Callable[..., object], guarded: RunningBackend) -> None:
    with BackendClient(guarded.url, api_key="a") as ada, BackendClient(guarded.url, api_key="b") as bob:
        conversation_id = talk(ada, "One?")
        with pytest.raises(ChatappError) as caught:
            verb(bob, conversation_id)
        assert caught.value.code == "not_found"
        assert titles(bob) == []
        assert ada.conversations.get(conversation_id).title == "One?"
