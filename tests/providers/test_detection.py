"""A model server on this machine is found, and nothing else is taken for one."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from socket import create_server
from typing import Any

import pytest

from chatapp.config.settings import Settings
from chatapp.providers.catalog import PROVIDERS, Provider
from chatapp.providers.detection import choose_upstream, find_local_server
from support.timing import quickest_s

Start = Callable[..., Provider]


def listing(*names: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]}).encode()


@pytest.fixture
def start() -> Iterator[Start]:
    """A function that starts a server which answers `GET /v1/models` and gives it as a provider."""
    with ExitStack() as running:
        yield lambda name="Ollama", **answer: Provider(name, port=running.enter_context(_server(**answer)))


class _server:  # noqa: N801 - a context manager
    def __init__(
        self, body: bytes = b"", *, status: int = 200, after_s: float = 0, headers: dict[str, str] | None = None
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(after_s)
                known = self.path == "/v1/models"
                self.send_response(status if known else 404)
                for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign] - whoever asks may leave
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._http.server_address[1])

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def find(*providers: Provider, model_name: str | None = None, timeout_s: float = 2.0) -> Any:
    return find_local_server(model_name, providers=providers, timeout_s=timeout_s)


def test_server_that_lists_models_is_found_with_its_first(start: Start) -> None:
    provider = start(body=listing("llama3.2:latest", "mistral"))

    found = find(provider)

    assert (found.base_url, found.model) == (f"http://127.0.0.1:{provider.port}/v1", "llama3.2:latest")
    assert (found.provider, found.reason) == ("Ollama", f"Ollama was found on port {provider.port}")
    assert not found.is_demo


def test_first_in_the_table_wins_though_another_is_faster(start: Start) -> None:
    slow = start("Ollama", body=listing("slow"), after_s=0.2)
    fast = start("LM Studio", body=listing("fast"))

    assert find(slow, fast).provider == "Ollama"


def test_model_that_the_user_set_is_kept(start: Start) -> None:
    assert find(start(body=listing("llama3")), model_name="qwen3").model == "qwen3"


def test_embedding_models_are_passed_over(start: Start) -> None:
    assert find(start(body=listing("text-embedding-nomic-embed-text-v1.5", "qwen3-4b"))).model == "qwen3-4b"


@pytest.mark.parametrize(
    "answer",
    [
        {"body": b"<!doctype html><title>my app</title>"},
        {"body": b""},
        {"body": b"[]"},
        {"body": b'{"data": null}'},
        {"body": b'{"data": {"id": "x"}}'},
        {"body": b'{"data": ["", 1, null, {"id": 5}, {"id": ""}]}'},
        {"body": b'{"data": [{"id": "\xff"}]}'},
        {"body": b"[" * 100_000},
        {"body": listing()},
        {"body": listing("nomic-embed-text")},
        {"body": listing("x"), "status": 401},
        {"body": listing("x"), "status": 500},
        {"status": 302, "headers": {"Location": "http://example.org/v1/models"}},
        {"body": listing("x" * 2_000_000)},
    ],
    ids=lambda answer: f"{answer.get('status', 200)} {answer.get('body', b'')[:30]!r}",
)
def test_server_that_answers_something_else_is_no_model_server(start: Start, answer: dict[str, Any]) -> None:
    other = start("llama.cpp", body=listing("the next in the table"))

    assert find(start(**answer), other).provider == "llama.cpp"


def test_nothing_is_found_where_nobody_listens() -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert find(Provider("Ollama", port=port)) is None


def test_silent_servers_cost_one_timeout_together() -> None:
    found = []
    with create_server(("127.0.0.1", 0)) as one, create_server(("127.0.0.1", 0)) as two:
        providers = [Provider("x", port=server.getsockname()[1]) for server in (one, two)]
        took_s = quickest_s(lambda: found.append(find(*providers, timeout_s=0.3)), enough_s=0.55)

    assert set(found) == {None}
    assert took_s < 0.55


def test_server_that_answers_byte_by_byte_costs_no_more_than_the_timeout() -> None:
    found, trickles = [], []

    def ask() -> None:
        trickles.append(threading.Thread(target=_trickle, args=(listener,)))
        trickles[-1].start()
        found.append(find(Provider("x", port=listener.getsockname()[1]), timeout_s=0.3))

    with create_server(("127.0.0.1", 0)) as listener:
        took_s = quickest_s(ask, enough_s=0.55)
        for trickle in trickles:
            trickle.join()

    assert set(found) == {None}
    assert took_s < 0.55


def _trickle(listener: Any) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(10):
            connection.sendall(b" ")
            time.sleep(0.1)


def test_proxy_is_not_asked_for_this_machine(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert find(start(body=listing("llama3"))).model == "llama3"


def test_well_known_ports_are_asked() -> None:
    ports = {provider.name: provider.port for provider in PROVIDERS if provider.port}

    assert ports == {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080}


def test_server_the_user_named_comes_before_one_that_is_found(start: Start) -> None:
    settings = Settings.load(base_url="http://127.0.0.1:9/v1", model_name="mine")

    chosen = choose_upstream(settings, providers=[start(body=listing("llama3"))])

    assert chosen is not None
    assert (chosen.base_url, chosen.model, chosen.reason) == ("http://127.0.0.1:9/v1", "mine", "BASE_URL is set")


def test_without_key_or_address_the_found_server_is_asked_for_its_own_model(start: Start) -> None:
    chosen = choose_upstream(Settings.load(), providers=[start(body=listing("llama3"))])

    assert chosen is not None
    assert chosen.model == "llama3"


def test_without_key_or_address_the_found_server_is_asked_for_the_users_model(start: Start) -> None:
    chosen = choose_upstream(Settings.load(model_name="qwen3"), providers=[start(body=listing("llama3"))])

    assert chosen is not None
    assert chosen.model == "qwen3"


def test_without_any_server_the_choice_is_the_embedded_model() -> None:
    assert choose_upstream(Settings.load(), providers=[]) is None


def test_a_server_that_listens_on_the_other_loopback_address_is_found() -> None:
    class Lists(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"data":[{"id":"llama3"}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class OnSix(HTTPServer):
        address_family = socket.AF_INET6

    with OnSix(("::1", 0), Lists) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        found = find_local_server(providers=[Provider("six", port=server.server_address[1])], timeout_s=5)
    assert found is not None
    assert found.base_url == f"http://[::1]:{server.server_address[1]}/v1"
