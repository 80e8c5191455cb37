"""What a server says on a terminal and in the log: shown, never obeyed."""

import json
import logging
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from chatapp.backend.telemetry.logs import JsonFormatter
from chatapp.cli.terminal import PlainAnswer, json_text, printable
from support import scripts
from support.stub_model import StubModel

Run = Callable[..., CompletedProcess[str]]

ORDERS = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\u202e\u2028\u2067"


def is_tame(text: str) -> bool:
    return not set(text) & set(ORDERS.replace("]0;owned", "").replace("[2J", "").replace("31m", ""))


def test_what_a_backend_says_of_a_failure_is_shown_without_its_orders(chatapp: Run, stub: StubModel) -> None:
    stub.default = scripts.respond(500, {"detail": f"bad {ORDERS}", "code": "internal_error", "hint": ORDERS})

    done = chatapp("ask", "Why?", "--backend-url", stub.url)

    assert done.returncode == 1
    assert "bad" in done.stderr
    assert is_tame(done.stderr)


def test_what_a_backend_calls_its_parts_is_shown_without_its_orders(chatapp: Run, stub: StubModel) -> None:
    body = {"status": "healthy", "version": ORDERS, ORDERS: {"ok": True, "name": ORDERS}}
    stub.default = scripts.respond(200, body)

    for arguments in ([], ["--json"]):
        done = chatapp("health", *arguments, "--backend-url", stub.url)
        assert "healthy" in done.stdout or "ok" in done.stdout
        assert is_tame(done.stdout)


def test_json_for_a_terminal_is_the_same_to_a_program() -> None:
    assert is_tame(json_text({"answer": ORDERS + "ä🙂"}))
    assert json.loads(json_text({"answer": ORDERS + "ä🙂"})) == {"answer": ORDERS + "ä🙂"}
    assert "ä🙂" in json_text("ä🙂")


def test_an_answer_on_a_dumb_terminal_commands_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    PlainAnswer().add(f"a{ORDERS}b")

    assert capsys.readouterr().out == f"a{printable(ORDERS)}b"
    assert is_tame(printable(ORDERS))


def test_a_json_log_line_holds_nothing_that_a_terminal_obeys() -> None:
    record = logging.LogRecord("chatapp", logging.INFO, "", 0, "x", (), None)
    record.fields = {"path": f"/{ORDERS}"}

    line = JsonFormatter().format(record)

    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["path"] == f"/{ORDERS}"
