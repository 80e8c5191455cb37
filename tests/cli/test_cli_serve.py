"""`chatapp serve` as a process: it starts, says what it serves, and stops without keeping anybody waiting."""

import json
import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from itertools import product
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest
import requests

from chatapp.client import BackendClient
from chatapp.errors import ShuttingDownError
from chatapp.processes.http_probe import is_answering
from chatapp.processes.ports import free_port
from support import scripts
from support.commands import SCRIPT, START_S, Command, Serving, left_after
from support.stub_model import KEY, StubModel

pytestmark = pytest.mark.faults

STOP_S = 5.0

_SLOW_DISK = """
import sys
import time

def delay(event, arguments):
    if event == "import" and arguments[0] == "chatapp.backend.api.transfer_parts":
        print("Loads", flush=True)
        time.sleep(20)

sys.addaudithook(delay)
"""
"""Runs as Python starts: what is read behind the backend's start takes long."""


@pytest.fixture
def settings(stub) -> dict[str, str]:
    """Variables for a backend in front of `stub`."""
    return {"BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "MODEL_NAME": "stub-model", "DATA_DIR": "data"}


@pytest.fixture(scope="module")
def serving(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A backend for those that only ask it something."""
    data_dir = str(tmp_path_factory.mktemp("data"))
    env = {"BASE_URL": model.url, "OPENAI_API_KEY": KEY, "MODEL_NAME": "stub-model", "DATA_DIR": data_dir}
    with Serving(env=env) as backend:
        yield backend


def test_it_says_where_it_is_and_which_model_answers_and_why(serving: Serving) -> None:
    serving.wait_until_said("Press Ctrl-C to quit")

    assert serving.lines[0].startswith(f"Backend at {serving.url}")
    assert serving.lines[1].startswith("Model stub-model (127.0.0.1")
    assert serving.lines[1].endswith("because BASE_URL is set")
    assert KEY not in serving.output


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="Windows closes no pipe before its writer")
def test_it_goes_on_where_nobody_reads_what_it_says(settings: dict[str, str]) -> None:
    port, (read, write) = free_port(), os.pipe()
    os.close(read)
    with psutil.Popen([SCRIPT, "serve", "--port", str(port)], env={**os.environ, **settings}, stdout=write) as running:
        os.close(write)
        try:
            deadline = time.monotonic() + START_S
            while not is_answering("127.0.0.1", port, "/health"):
                assert running.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            running.terminate()
            assert running.wait(30) == 0
        finally:  # else a failure would wait for it without an end
            with suppress(psutil.NoSuchProcess):
                running.kill()


def test_all_that_it_says_to_machines_is_json(settings: dict[str, str]) -> None:
    with Serving(env={**settings, "LOG_FORMAT": "json"}) as backend:
        backend.signal(signal.SIGTERM)
        assert backend.wait() == 0

    said = [json.loads(line)["message"] for line in backend.lines]
    assert said[0].startswith(f"Backend at {backend.url}")
    assert said[1].startswith("Model stub-model")
    assert "Application startup complete." in said


def test_what_came_while_it_was_stopped_is_no_silence_of_the_model(settings: dict[str, str], stub: StubModel) -> None:
    gone_on = threading.Event()
    stub.default = scripts.answer("one ", scripts.until(gone_on), "two")
    with Serving(env={**settings, "GAP_TIMEOUT": "0.5"}) as backend:
        reader = Reader(backend.url)
        backend.wait_until(lambda: reader.text)
        backend.signal(signal.SIGSTOP)
        gone_on.set()
        time.sleep(2.5)
        backend.signal(signal.SIGCONT)

        assert (reader.outcome(), reader.text) == (None, "one two")


def test_what_is_no_request_is_refused_like_every_other_error(serving: Serving) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=10) as line:
        line.sendall(b"GARBAGE\r\n\r\n")
        head, _, body = line.makefile("rb").read().partition(b"\r\n\r\n")

    refusal = json.loads(body)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert refusal["code"] == "bad_request"
    assert f"x-request-id: {refusal['request_id']}".encode() in head


def test_it_does_not_tell_who_serves(serving: Serving) -> None:
    assert "server" not in requests.get(f"{serving.url}/health", timeout=10).headers


@pytest.mark.parametrize(
    ("options", "number"),
    [
        *product([[], ["--workers", "2"], ["--reload"]], [signal.SIGINT, signal.SIGTERM]),
        ([], signal.SIGHUP),  # its terminal is closed
        (["--workers", "2"], signal.SIGHUP),
    ],
)
def test_it_stops_within_five_seconds_and_tells_readers(settings, stub, options: list[str], number: int) -> None:
    stub.default = scripts.answer("one ", scripts.silence)
    with Serving(*options, env=settings) as backend:
        readers = [Reader(backend.url) for _ in range(10)]
        backend.wait_until(lambda: all(reader.text for reader in readers))
        family, began = backend.descendants(), time.monotonic()

        backend.signal(number)

        assert backend.wait() == 0
        assert time.monotonic() - began < STOP_S
        assert left_after(family, 1) == []
    assert [type(reader.outcome()) for reader in readers] == [ShuttingDownError] * 10


def test_a_store_that_another_process_has_locked_keeps_nobody_waiting(settings, stub, tmp_path: Path) -> None:
    stub.default = scripts.answer("one ", scripts.silence)
    with Serving(env=settings | {"DATA_DIR": str(tmp_path)}) as backend:
        reader = Reader(backend.url, store=True)
        backend.wait_until(lambda: reader.text)
        with closing(sqlite3.connect(tmp_path / "chatapp.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            backend.signal(signal.SIGTERM)

            assert backend.wait() == 0
            assert time.monotonic() - began < STOP_S
    assert type(reader.outcome()) is ShuttingDownError
    assert "Traceback" not in backend.output
    assert backend.lines[-1].endswith("Left after 4.5 seconds, before everything was saved or closed.")


def test_leaving_a_thread_that_loads_is_no_failure(settings, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_SLOW_DISK)
    with Serving(env=settings | {"PYTHONPATH": str(tmp_path)}) as backend:
        backend.wait_until_said("Loads")
        backend.signal(signal.SIGTERM)

        assert backend.wait() == 0
    assert "Finished server process" in backend.lines[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["serve", "ui", "up"])
def test_to_be_stopped_while_it_is_being_loaded_is_no_failure(tmp_path: Path, command: str, number: int) -> None:
    (tmp_path / "sitecustomize.py").write_text(_SLOW_DISK.replace("chatapp.backend.api.transfer_parts", "typer"))
    with Command(command, env={"PYTHONPATH": str(tmp_path)}) as starting:
        starting.wait_until_said("Loads")
        starting.signal(number)

        assert starting.wait(10) == 0
    assert starting.lines == ["Loads"]


def test_a_second_ctrl_c_ends_at_once(settings, stub) -> None:
    with Serving(env=settings) as backend, socket.create_connection(("127.0.0.1", backend.port)) as slow:
        slow.sendall(
            b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        )
        time.sleep(0.3)
        backend.signal(signal.SIGINT)
        time.sleep(0.3)
        began = time.monotonic()
        backend.signal(signal.SIGINT)

        assert backend.wait() == 0
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("options", [["--workers", "2"], ["--reload"]], ids=["workers", "reload"])
def test_no_worker_outlives_its_parent(settings, stub, options: list[str]) -> None:
    stub.default = scripts.answer("one ", scripts.silence)
    with Serving(*options, env=settings) as backend:
        reader = Reader(backend.url)
        backend.wait_until(lambda: reader.text)
        family = backend.descendants()

        backend.signal(signal.SIGKILL)

        assert left_after(family, STOP_S) == []
    with socket.create_server(("127.0.0.1", backend.port)):
        pass


def workers_of(backend: Serving) -> list[psutil.Process]:
    return [process for process in backend.descendants() if "--multiprocessing-fork" in process.cmdline()]


def test_a_worker_that_dies_is_replaced(settings) -> None:
    with Serving("--workers", "2", env=settings) as backend:
        backend.wait_until(lambda: workers_of(backend))
        workers_of(backend)[0].kill()

        backend.wait_until(lambda: any("died" in line for line in backend.lines))
        assert BackendClient(backend.url).ask("Still there?").answer == "Hello from the stub."


def test_a_busy_port_is_exit_code_4(settings, chatapp: Callable[..., CompletedProcess[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = chatapp("serve", env={**settings, "PORT": str(port)})

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"chatapp: Port {port} on 127.0.0.1 is in use (PORT).")


def test_a_certificate_that_is_none_is_one_sentence(settings, chatapp: Callable[..., CompletedProcess[str]]) -> None:
    done = chatapp("serve", "--ssl-certfile", "no-such.pem", env=settings)

    assert done.returncode == 2
    assert done.stderr.startswith("chatapp: --ssl-certfile is 'no-such.pem': it must be")


def test_with_keys_it_listens_beyond_this_machine(settings) -> None:
    with Serving("--host", "0.0.0.0", env={**settings, "API_KEYS": "me:a-key"}) as backend:
        listening = {connection.laddr.ip for connection in psutil.Process(backend._popen.pid).net_connections("tcp")}
        assert "0.0.0.0" in listening
        assert requests.get(f"{backend.url}/ready", timeout=10).status_code == 401


@pytest.mark.parametrize("options", [[], ["--workers", "2"], ["--reload"]], ids=["one", "workers", "reload"])
@pytest.mark.parametrize(
    "wrong",
    [{"DATA_DIR": "file/data"}, {"RATE_LIMIT": "1/hour", "REDIS_URL": "redis://x:port"}],
    ids=lambda w: [*w][-1],
)
def test_what_it_cannot_start_with_is_one_sentence(settings, chatapp, options: list[str], wrong) -> None:
    Path("file").touch()

    done = chatapp("serve", *options, env={**settings, "PORT": str(free_port()), **wrong})

    assert (done.returncode in {1, 2}, done.stdout, done.stderr.count("\n")) == (True, "", 1)
    assert done.stderr.startswith("chatapp: ")


class Reader(threading.Thread):
    """Somebody who reads an answer, from the moment this is made."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(daemon=True)
        self.text = ""
        self._options = options
        self._url = url
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with BackendClient(self._url) as backend, backend.stream("Hi", **self._options) as events:
                for event in events:
                    self.text += getattr(event, "text", "")
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self._error = error

    def outcome(self) -> Exception | None:
        self.join(10)
        return self._error


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_NOFILE"), reason="only Linux limits a process that runs")
def test_more_connections_than_the_system_allows_are_told_so(settings) -> None:
    with Serving(env=settings) as backend, ExitStack() as held:
        backend.limit_descriptors(128)
        address, left_over = ("127.0.0.1", backend.port), 16
        to_open = 128 - left_over - backend.descriptors()
        connections = [held.enter_context(socket.create_connection(address, timeout=10)) for _ in range(to_open)]
        connections[-1].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head, _, body = connections[-1].recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert json.loads(body)["code"] == "overloaded"
        connections[0].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connections[0].recv(65536).startswith(b"HTTP/1.1 200 ")


def test_workers_tell_the_metrics_of_all_of_them(settings: dict[str, str]) -> None:
    with Serving("--workers", "2", env=settings) as backend:
        backend.wait_until(lambda: workers_of(backend))
        for _ in range(12):
            requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, timeout=10)
        told = [requests.get(f"{backend.url}/metrics", timeout=10).text for _ in range(6)]
    calls = 'chatapp_model_calls_total{connection="default",error="",status="complete",surface="api"} 12.0'
    assert [calls in text for text in told] == [True] * 6
