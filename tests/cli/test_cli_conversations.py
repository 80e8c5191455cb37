"""`chatapp ask` and the conversations that the backend keeps."""

import json
import signal
import subprocess
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.protocol.events import Done, Start, Text
from chatapp.protocol.resources import ConversationInfo
from chatapp.protocol.sse import encode
from support import scripts
from support.commands import SCRIPT, Serving, somebody_listens_on
from support.full_disk import disk_full
from support.running_backend import RunningBackend
from support.stub_model import Exchange, StubModel
from support.turn_steps import messages, wait_for

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def ask(chatapp: Run, backend: RunningBackend) -> Run:
    """A function that asks a backend without conversations."""
    return lambda *arguments, **options: chatapp("ask", "--backend-url", backend.url, *arguments, **options)


def kept(backend: RunningBackend) -> list[ConversationInfo]:
    return list(backend.client.conversations.page().items)


def words(backend: RunningBackend, conversation_id: str) -> list[str]:
    return [message["content"] for message in messages(backend, conversation_id)]


def start(backend: RunningBackend, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [SCRIPT, "ask", "--backend-url", backend.url, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("mode", [[], ["--no-stream"], ["--json"]])
def test_what_is_asked_in_the_shell_is_there_in_the_browser(ask: Run, backend: RunningBackend, mode: list[str]) -> None:
    ask("Who are you?", *mode)

    (conversation,) = kept(backend)
    assert conversation.title == "Who are you?"
    assert words(backend, conversation.id) == ["Who are you?", "Hello from the stub."]


@pytest.mark.parametrize("mode", [[], ["--no-stream"]])
def test_no_store_leaves_nothing_behind(ask: Run, backend: RunningBackend, mode: list[str]) -> None:
    done = ask("Who are you?", "--no-store", *mode)

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from the stub.\n", "")
    assert kept(backend) == []


@pytest.mark.parametrize("option", ["-c", "--continue"])
def test_continue_goes_on_with_the_conversation_last_talked_in(
    ask: Run, backend: RunningBackend, stub: StubModel, option: str
) -> None:
    ask("A question of another conversation")
    ask("My name is Ada.")
    ask("What is my name?", option)

    assert [message["content"] for message in stub.calls[-1].body["messages"]] == [
        "My name is Ada.",
        "Hello from the stub.",
        "What is my name?",
    ]
    assert len(kept(backend)) == 2


def test_several_models_answer_below_their_names_and_one_that_fails_ends_no_other(
    ask: Run, backend: RunningBackend, stub: StubModel
) -> None:
    stub.models = {"a": scripts.answer("One."), "b": scripts.status(401), "c": scripts.answer("Three.")}

    done = ask("Why?", "-m", "a", "-m", "b", "-m", "c")

    assert done.stdout == "## a\n\nOne.\n\n## b\n\n\n## c\n\nThree.\n"
    assert (done.returncode != 0, "does not accept the API key" in done.stderr) == (True, True)
    (conversation,) = kept(backend)
    assert len(backend.client.conversations.messages(conversation.id).items[-1].siblings) == 3


def test_continue_is_answered_by_the_model_and_as_the_system_prompt_said_at_the_beginning(
    ask: Run, stub: StubModel
) -> None:
    ask("Hi", "--model", "other", "--system", "Be brief.")
    ask("And now?", "-c")

    body = stub.calls[-1].body
    assert (body["model"], body["messages"][0]) == ("other", {"role": "system", "content": "Be brief."})


def test_continue_goes_on_with_what_was_asked_in_the_browser(ask: Run, backend: RunningBackend) -> None:
    start, *_ = backend.client.stream("In the browser", store=True)
    done = json.loads(ask("In the shell", "-c", "--json").stdout)

    assert done["conversation_id"] == start.conversation_id  # type: ignore[union-attr]


def test_continue_takes_no_pinned_conversation_for_the_last(ask: Run, backend: RunningBackend) -> None:
    for prompt in ("Pinned", "Pinned too", "Last"):
        ask(prompt)
    last, *pinned = kept(backend)
    for conversation in pinned:
        backend.client.conversations.change(conversation.id, pinned=True)

    assert json.loads(ask("On", "-c", "--json").stdout)["conversation_id"] == last.id


def test_continue_takes_a_pinned_conversation_if_it_is_the_last(ask: Run, backend: RunningBackend) -> None:
    for prompt in ("First", "Pinned"):
        ask(prompt)
    last = kept(backend)[0]
    backend.client.conversations.change(last.id, pinned=True)

    assert json.loads(ask("On", "-c", "--json").stdout)["conversation_id"] == last.id


def test_a_conversation_can_be_named(ask: Run, backend: RunningBackend) -> None:
    first = json.loads(ask("First", "--json").stdout)["conversation_id"]
    ask("Second")
    ask("Third", "--conversation", first)

    assert words(backend, first)[::2] == ["First", "Third"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-c"], "There is no conversation to continue. Ask without --continue to begin one."),
        (["--conversation", "f" * 32], "There is no such conversation."),
        (
            ["--conversation", "nowhere"],
            "No conversation has an id that begins with 'nowhere'. List them with: chatapp list",
        ),
        (["--conversation", ""], "--conversation names no conversation. Leave it out to begin one."),
        (["-c", "--conversation", "x"], "--continue and --conversation each name a conversation. Use one of them."),
        (
            ["-c", "--no-store"],
            "--no-store asks outside of all conversations. Leave it out, or --continue and --conversation.",
        ),
    ],
)
def test_a_conversation_that_cannot_be_is_wrong_usage(ask: Run, arguments: list[str], sentence: str) -> None:
    done = ask("Hi", *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"chatapp: {sentence}\n")


def test_a_question_that_is_refused_leaves_no_empty_conversation(chatapp: Run, run_backend: Any) -> None:
    backend = run_backend(max_prompt_chars=5)
    done = chatapp("ask", "--backend-url", backend.url, "Too long")

    assert done.returncode == 2
    assert kept(backend) == []


@pytest.mark.parametrize("mode", [[], ["--json"]])
def test_without_a_store_the_question_is_answered_and_not_kept(ask: Run, mode: list[str]) -> None:
    with disk_full():
        done = ask("Hi", *mode)

    assert done.returncode == 0
    assert "Hello from the stub." in done.stdout
    assert done.stderr.startswith("This conversation is not kept. ")
    assert done.stderr.count("\n") == 1


def test_without_a_store_no_conversation_goes_on(ask: Run) -> None:
    ask("Hi")
    with disk_full():
        done = ask("And then?", "-c")

    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("mode", [[], ["--no-stream"]], ids=["streamed", "whole"])
def test_ctrl_c_before_the_first_word_stops_the_model(
    backend: RunningBackend, stub: StubModel, mode: list[str]
) -> None:
    stub.next(scripts.silence)
    asking = start(backend, "Hi", *mode)
    wait_for(lambda: stub.calls, timeout_s=30)
    asking.send_signal(signal.SIGINT)
    out, errors = asking.communicate(timeout=30)

    assert (out, errors, asking.returncode) == ("", "", 130)
    assert stub.calls[0].wait_until_left(timeout_s=1)


def test_ctrl_c_keeps_what_was_said(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("one ", scripts.silence))
    asking = start(backend, "Hi")
    assert asking.stdout is not None
    asking.stdout.read(4)
    asking.send_signal(signal.SIGINT)
    asking.communicate(timeout=30)

    (conversation,) = kept(backend)
    answer = messages(backend, conversation.id)[-1]
    assert (answer["content"], answer["status"]) == ("one ", "stopped")


async def breaks_once(exchange: Exchange) -> None:
    """Begin a conversation, break off its first answer, and go on with it when it is resumed."""
    path = exchange.call.path
    if path.endswith("/conversations"):
        await exchange.respond(200, {"id": "talk", "updated_at": "2026-11-28T12:00:00Z"})
        return
    await exchange.start_stream()
    if path.endswith("/query/stream"):
        await exchange.write(encode(Start("turn-1", "tiny", "talk"), 1) + encode(Text("Once upon"), 10))
        exchange.reset()
    else:
        await exchange.write(encode(Text(" a time."), 18) + encode(Done("stop", None, 5), 19))
        await exchange.end_stream()


def test_an_answer_goes_on_where_its_connection_broke(chatapp: Run, stub: StubModel) -> None:
    stub.default = breaks_once

    done = chatapp("ask", "--backend-url", stub.url, "A story, please")

    assert (done.returncode, done.stdout, done.stderr) == (0, "Once upon a time.\n", "")


def test_a_backend_for_one_question_keeps_it_too(chatapp: Run, stub: StubModel) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")

    settings = {"BASE_URL": stub.url, "DATA_DIR": "data"}
    chatapp("ask", "My name is Ada.", env=settings)
    chatapp("ask", "What is my name?", "-c", env=settings)

    assert stub.calls[-1].body["messages"][0]["content"] == "My name is Ada."


def test_what_a_backend_for_one_question_keeps_is_there_in_the_next_one(chatapp: Run, stub: StubModel) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")

    settings = {"BASE_URL": stub.url, "DATA_DIR": "data"}
    chatapp("ask", "My name is Ada.", env=settings)

    with Serving(env=settings) as backend, BackendClient(backend.url) as client:
        assert [item.title for item in client.conversations.page().items] == ["My name is Ada."]
