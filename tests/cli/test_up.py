"""`chatapp up`: everything starts together, and nothing is left when any of it is killed."""

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest
import requests

from chatapp.cli.up import facts_of_model
from chatapp.client import BackendClient
from chatapp.processes.ports import free_port
from support import scripts
from support.commands import SCRIPT, Command, left_after
from support.stub_model import KEY, StubModel

pytestmark = pytest.mark.faults

GONE_S = 5.0


class Up(Command):
    """`chatapp up`, ready."""

    def __init__(self, *options: str, env: dict[str, str]) -> None:
        self.port, self.ui_port = free_port(), free_port()
        ports = ["--port", str(self.port), "--ui-port", str(self.ui_port)]
        super().__init__("up", *ports, *options, env=env)

    def __enter__(self) -> "Up":
        self.wait_until_said("Stop     Ctrl-C")
        return self

    @property
    def backend(self) -> psutil.Process:
        return self.descendant("chatapp", "serve")

    @property
    def page(self) -> psutil.Process:
        return self.descendant("streamlit", "run")

    def assert_nothing_is_left_of(self, family: list[psutil.Process]) -> None:
        assert left_after(family, GONE_S) == []
        for port in (self.port, self.ui_port):
            socket.create_server(("127.0.0.1", port)).close()


@pytest.fixture
def settings(stub) -> dict[str, str]:
    """Variables for a backend in front of `stub`."""
    return {"BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "MODEL_NAME": "stub-model", "DATA_DIR": "data"}


def test_it_shows_where_everything_is_and_which_model_answers(settings: dict[str, str]) -> None:
    with Up(env=settings) as up:
        assert requests.get(f"http://localhost:{up.ui_port}/", timeout=30).ok
        assert BackendClient(f"http://127.0.0.1:{up.port}").ask("Hi").answer == "Hello from the stub."
        family = up.descendants()
        up.signal(signal.SIGTERM)
        assert up.wait() == 0

    assert f"Page     http://localhost:{up.ui_port}" in up.lines
    assert any(line.startswith(f"Backend  http://127.0.0.1:{up.port}") for line in up.lines)
    assert any(line.startswith("Model    stub-model (127.0.0.1") for line in up.lines)
    assert any(line.startswith("backend | INFO:") and "path=/query" in line for line in up.lines)
    assert KEY not in up.output
    up.assert_nothing_is_left_of(family)


def test_a_model_server_that_lists_slowly_is_no_problem(settings: dict[str, str], stub: StubModel) -> None:
    stub.listing = scripts.later(2.5, stub.listing)
    Path("connections.toml").write_text(f'[connections.other]\nbase_url = "{stub.url}"\n')

    with Up(env={**settings, "CONNECTIONS": "connections.toml"}) as up:
        assert "Problem" not in up.output


@pytest.mark.parametrize(("patience_s", "told"), [(10, "stub-model (127.0.0.1"), (0, "not told yet")])
def test_a_backend_that_does_not_tell_its_model_at_once_is_asked_again(
    backend: Any, patience_s: float, told: str
) -> None:
    with BackendClient(backend.url, timeout_s=0.2) as client:
        backend.loop.call_soon_threadsafe(time.sleep, 1)

        assert facts_of_model(client, within_s=patience_s)["Model"].startswith(told)


def test_the_model_is_shown_where_keys_are_wanted_too(settings: dict[str, str]) -> None:
    with Up(env={**settings, "API_KEYS": "ann:a-key-of-ann"}) as up:
        assert requests.get(f"http://127.0.0.1:{up.port}/ready", timeout=30).status_code == 401

    assert any(line.startswith("Model    stub-model (127.0.0.1") for line in up.lines)


def test_the_page_gets_its_backend_and_streams_unless_told_otherwise(settings: dict[str, str]) -> None:
    with Up(env=settings) as up:
        told = up.page.environ()
        assert (told["BACKEND_URL"], told["USE_STREAMING"]) == (f"http://127.0.0.1:{up.port}", "true")
        if hasattr(up.page, "rlimit"):
            soft, hard = up.page.rlimit(psutil.RLIMIT_NOFILE)
            assert soft == hard  # a visitor takes some connections
    with Up(env={**settings, "USE_STREAMING": "false"}) as up:
        assert up.page.environ()["USE_STREAMING"] == "false"


@pytest.mark.parametrize("half", ["backend", "page"])
def test_when_a_half_dies_the_other_is_stopped_and_it_says_which(settings: dict[str, str], half: str) -> None:
    with Up(env=settings) as up:
        family = up.descendants()
        getattr(up, half).kill()

        assert up.wait(GONE_S) == 1
        up.assert_nothing_is_left_of(family)
    name = {"backend": "backend", "page": "UI"}[half]
    assert up.lines[-1].startswith(f"chatapp: The {name} was killed by SIGKILL.")


def test_when_it_is_killed_itself_nothing_is_left(settings: dict[str, str]) -> None:
    with Up(env=settings) as up:
        family = up.descendants()
        up.signal(signal.SIGKILL)
        up.assert_nothing_is_left_of(family)


def test_a_second_ctrl_c_kills_what_is_still_stopping(settings: dict[str, str]) -> None:
    with Up(env=settings) as up:
        family = up.descendants()
        up.backend.suspend()  # it cannot stop
        up.signal(signal.SIGINT)
        time.sleep(0.5)
        began = time.monotonic()
        up.signal(signal.SIGINT)

        up.wait()
        assert time.monotonic() - began < GONE_S / 2
        up.assert_nothing_is_left_of(family)


def test_stopping_while_it_starts_leaves_nothing(settings: dict[str, str]) -> None:
    with ExitStack() as after:
        up = after.enter_context(Command("up", "--port", str(free_port()), "--ui-port", str(free_port()), env=settings))
        up.wait_until(lambda: len(up.descendants()) == 2)
        family = up.descendants()
        up.signal(signal.SIGINT)

        assert up.wait() == 0
        assert left_after(family, 1) == []


@pytest.mark.parametrize(("option", "setting"), [("--port", "PORT"), ("--ui-port", "UI_PORT")])
def test_a_busy_port_is_told_before_anything_starts(
    settings: dict[str, str], chatapp: Callable[..., CompletedProcess[str]], option: str, setting: str
) -> None:
    other = {"--port": "--ui-port", "--ui-port": "--port"}[option]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = chatapp("up", option, str(port), other, str(free_port()), env=settings)

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"chatapp: Port {port} on 127.0.0.1 is in use ({setting}).")


def test_a_backend_that_cannot_start_is_told_with_its_reason(settings: dict[str, str]) -> None:
    Path("file").touch()
    with Command(
        "up",
        "--port",
        str(free_port()),
        "--ui-port",
        str(free_port()),
        env={**settings, "DATA_DIR": "file/data"},
    ) as up:
        assert up.wait() == 1

    assert "chatapp: The backend ended with exit code 1. Last output: " in up.lines[-1]
    assert "file/data" in up.lines[-1]


def test_what_is_set_for_serve_is_not_for_its_backend(settings: dict[str, str]) -> None:
    with Up(env={**settings, "CHATAPP_SERVE_SSL_CERTFILE": "no-such.pem", "CHATAPP_SERVE_RELOAD": "1"}) as up:
        assert requests.get(f"http://127.0.0.1:{up.port}/health", timeout=30).ok


class TestWithTheEmbeddedModel:
    """The third process, which is the backend's child."""

    @pytest.fixture
    def up(self, shared_cache: None) -> Iterator[Up]:
        with Up(env={"DATA_DIR": "data"}) as running:
            yield running

    def test_a_model_that_is_killed_is_started_again_alone(self, up: Up) -> None:
        halves = [up.backend, up.page]
        killed = self.model_of(up)
        killed.kill()

        up.wait_until(lambda: self.is_ready(up) and self.model_of(up).pid != killed.pid)

        assert all(half.is_running() for half in halves)
        with BackendClient(f"http://127.0.0.1:{up.port}", timeout_s=120) as backend:
            assert backend.ask("What is the capital of France?", max_tokens=8).answer

    @pytest.mark.parametrize("process", ["backend", "page", "up"])
    def test_whatever_else_is_killed_takes_the_model_along(self, up: Up, process: str) -> None:
        family = up.descendants()
        assert self.model_of(up) in family
        if process == "up":
            up.signal(signal.SIGKILL)
        else:
            getattr(up, process).kill()

        up.assert_nothing_is_left_of(family)

    def model_of(self, up: Up) -> psutil.Process:
        return up.descendant("chatapp.local_model.server")

    def is_ready(self, up: Up) -> bool:
        return requests.get(f"http://127.0.0.1:{up.port}/ready", timeout=30).ok


class TestOnATerminal:
    """What a person sees, and what closing the window does."""

    def start(self, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
        from support.terminals import Terminal  # noqa: PLC0415 - skips where there are none

        for name, text in settings.items():
            monkeypatch.setenv(name, text)
        monkeypatch.delenv("DISPLAY", raising=False)
        terminal = Terminal([SCRIPT, "up", "--port", str(free_port()), "--ui-port", str(free_port())])
        terminal.read_until(lambda output: "╯" in output.decode(errors="ignore"))
        return terminal

    def test_a_panel_is_drawn_and_ctrl_c_ends_it(self, settings: dict[str, str], monkeypatch: Any) -> None:
        terminal = self.start(settings, monkeypatch)
        assert "─ chatapp ─" in re.sub(r"\x1b\[[0-9;]*m", "", terminal.output.decode())

        terminal.type(b"\x03")

        assert terminal.exit_code() == 0

    def test_closing_the_window_leaves_nothing(self, settings: dict[str, str], monkeypatch: Any) -> None:
        terminal = self.start(settings, monkeypatch)
        family = psutil.Process(terminal.process.pid).children(recursive=True)

        terminal.close()

        assert left_after(family, GONE_S) == []
        terminal.process.wait(10)
