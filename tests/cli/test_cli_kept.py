"""`chatapp list`, `find`, `show` and `delete`."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from chatapp.cli.conversations import (
    delete_conversations,
    find_conversations,
    list_conversations,
    mark_conversations,
    show_conversation,
)
from chatapp.errors import ChatappError, NotFoundError
from support import scripts
from support.commands import SCRIPT
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.terminals import Terminal

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def ids(backend: RunningBackend) -> list[str]:
    """The ids of two conversations, the last talked in first."""
    for prompt in ("What is a rainbow?", "Was ist ein Regenbogen?\x1b[2J"):
        backend.client.ask(prompt, store=True)
    return [item.id for item in backend.client.conversations.page().items]


def test_conversations_are_listed_found_and_shown(
    ids: list[str], backend: RunningBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    list_conversations(state=None, project=None, limit=1, as_json=False, backend_url=backend.url)
    listed, more = capsys.readouterr()
    assert (listed[:8], listed.endswith("  Was ist ein Regenbogen?[2J\n")) == (ids[0][:8], True)
    assert "--limit" in more

    assert find_conversations("rainbow", limit=9, as_json=False, backend_url=backend.url) == 0
    row, snippet = capsys.readouterr().out.splitlines()
    assert (row[:8], snippet.strip()) == (ids[1][:8], "What is a rainbow?")

    show_conversation(ids[1][:6], as_json=False, backend_url=backend.url)
    shown = capsys.readouterr().out.splitlines()
    assert (shown[0], shown[3], shown[6]) == ("What is a rainbow?", "What is a rainbow?", "Hello from the stub.")

    answer = backend.client.conversations.messages(ids[1]).items[-1]
    list(backend.client.conversations.regenerate(ids[1], message_id=answer.id))
    show_conversation(ids[1][:6], as_json=False, backend_url=backend.url)
    assert "1 other answer to this question: see the page." in capsys.readouterr().out


def test_a_conversation_is_deleted_and_taken_back(
    ids: list[str], backend: RunningBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    for is_undone, left in ((False, 1), (True, 2)):
        delete_conversations([ids[1][:8]], is_undone=is_undone, as_json=False, backend_url=backend.url)
        assert len(backend.client.conversations.page().items) == left
    assert f"chatapp delete --undo {ids[1][:8]}" in capsys.readouterr().err
    with pytest.raises(NotFoundError) as caught:
        delete_conversations([ids[1][:8]], is_undone=True, as_json=False, backend_url=backend.url)
    assert caught.value.sentence().startswith("No deleted conversation has an id that begins with")
    assert caught.value.sentence().endswith("List them with: chatapp list --deleted")


def test_conversations_are_pinned_and_archived_and_taken_back(
    ids: list[str], backend: RunningBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    for mark, is_undone in (("pinned", False), ("pinned", True), ("archived", False), ("archived", True)):
        mark_conversations([ids[1][:8]], mark=mark, is_undone=is_undone, as_json=False, backend_url=backend.url)
        found = backend.client.conversations.get(ids[1])
        assert (found.pinned or found.archived_at is not None) is not is_undone
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"Pinned: What is a rainbow? Take it back with: chatapp pin --undo {ids[1][:8]}",
        "No longer pinned: What is a rainbow?",
        f"Archived: What is a rainbow? Take it back with: chatapp archive --undo {ids[1][:8]}",
        "No longer archived: What is a rainbow?",
    ]


def test_the_code_of_the_last_answer_is_shown_alone(
    backend: RunningBackend, stub: StubModel, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.next(scripts.answer("Run:\n\n```sh\nls\n```\n\nDone."))
    backend.client.ask("How?", store=True)
    show_conversation(None, is_extracted=True, as_json=False, backend_url=backend.url)

    assert capsys.readouterr() == ("ls\n", "")


def test_colours_are_left_out_where_nobody_wants_them(
    ids: list[str], backend: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for value in ("", "1"):
        monkeypatch.setenv("NO_COLOR", value)
        terminal = Terminal([SCRIPT, "list", "--deleted", "--backend-url", backend.url])
        assert terminal.exit_code() == 0
        seen.append(b"\x1b[" in terminal.output)

    assert seen == [True, False]


def test_json_is_for_programs(ids: list[str], backend: RunningBackend, chatapp: Run) -> None:
    url = ["--backend-url", backend.url, "--json"]

    found = json.loads(chatapp("find", "a", "rainbow", *url).stdout)
    shown = json.loads(chatapp("show", *url).stdout)

    assert [item["id"] for item in found["conversations"]] == [ids[1]]
    assert (shown["id"], [message["role"] for message in shown["messages"]]) == (ids[0], ["user", "assistant"])


def test_what_is_not_found_is_exit_code_1(ids: list[str], backend: RunningBackend, chatapp: Run) -> None:
    done = chatapp("find", "zebra", "--backend-url", backend.url)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "No conversation has these words: zebra\n")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ([], "No conversation is named. List them with: chatapp list"),
        (["nosuch"], "No conversation has an id that begins with 'nosuch'. List them with: chatapp list"),
        ([""], "2 conversations have ids that begin with ''. Write more."),
        (["f" * 32], "There is no such conversation"),
    ],
)
def test_nothing_is_deleted_unless_it_is_named_clearly(
    ids: list[str], backend: RunningBackend, named: list[str], told: str
) -> None:
    with pytest.raises(ChatappError) as caught:
        delete_conversations([ids[0], *named] if named else [], is_undone=False, as_json=False, backend_url=backend.url)

    assert told in caught.value.sentence()
    assert len(backend.client.conversations.page().items) == 2


def test_an_empty_id_does_not_mean_the_only_conversation(ids: list[str], backend: RunningBackend) -> None:
    backend.client.conversations.delete(ids[1])

    with pytest.raises(ChatappError) as caught:
        delete_conversations([""], is_undone=False, as_json=False, backend_url=backend.url)

    assert "An empty id names no conversation." in caught.value.sentence()
    assert len(backend.client.conversations.page().items) == 1
