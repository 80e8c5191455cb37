"""Requests that another thread ends."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.client.cancellation import Call
from chatapp.client.http import HttpSession
from chatapp.errors import ChatappError
from support import scripts
from support.stub_model import StubModel


class AskingThread(threading.Thread):
    """A thread that asks within `call`, and what became of it."""

    def __init__(self, call: Call, ask: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.call = call
        self.ask = ask
        self.outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            with self.call:
                self.outcome = self.ask()
        except ChatappError as error:
            self.outcome = error


@pytest.fixture
def call() -> Iterator[Call]:
    call = Call()
    yield call
    call.end()


@pytest.mark.parametrize(
    ("script", "ask"),
    [
        (scripts.silence, lambda client: client.ask("Why?")),
        (scripts.silence, lambda client: list(client.stream("Why?"))),
        (scripts.answer("One", scripts.silence), lambda client: list(client.stream("Why?"))),
    ],
    ids=["before a whole answer", "before the first word", "in the middle of a stream"],
)
def test_a_call_that_is_ended_stops_the_model_within_a_second(
    script: scripts.Script, ask: Callable[[BackendClient], Any], stub: StubModel, client: BackendClient, call: Call
) -> None:
    stub.default = script
    asking = AskingThread(call, lambda: ask(client))
    question = stub.wait_for_call()

    call.end()

    asking.join(1)
    assert isinstance(asking.outcome, ChatappError)
    assert question.wait_until_left(timeout_s=1)


def test_a_call_that_was_ended_before_it_asks_does_not_wait_for_an_answer(
    stub: StubModel, client: BackendClient, call: Call
) -> None:
    stub.default = scripts.silence
    call.end()

    asking = AskingThread(call, lambda: client.ask("Why?"))

    asking.join(1)
    assert isinstance(asking.outcome, ChatappError)


def test_ending_a_call_leaves_the_next_one_on_its_connection_alone(
    stub: StubModel, client: BackendClient, call: Call
) -> None:
    AskingThread(call, lambda: client.ask("First")).join(5)
    stub.default = scripts.answer("One", 0.3, "two")
    second = AskingThread(Call(), lambda: client.ask("Second"))
    stub.wait_for_call(2)

    call.end()

    second.join(5)
    assert second.outcome.answer == "Onetwo"


def test_questions_outside_a_call_are_none_of_its_business(client: BackendClient, call: Call) -> None:
    began_at = time.monotonic()
    call.end()

    assert client.ask("Why?").answer == "Hello from the stub."
    assert time.monotonic() - began_at < 5


@pytest.mark.parametrize(("reused_within_s", "connections"), [(60.0, 1), (0.0, 2)], ids=["just now", "a while ago"])
def test_a_connection_that_the_backend_may_be_hanging_up_is_not_used_again(
    reused_within_s: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.client.cancellation.REUSED_WITHIN_S", reused_within_s)
    seen = set()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.add(self.client_address)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        session = HttpSession(f"http://127.0.0.1:{server.server_port}", timeout_s=20, connect_timeout_s=5)
        for _ in range(2):
            assert session.send("GET", "/health").content == b"{}"
        session.close()
        server.shutdown()

    assert len(seen) == connections
