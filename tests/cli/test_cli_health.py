"""`chatapp health`: what it says, and the exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chatapp.cli.backends import is_healthy
from chatapp.client import BackendClient
from support import scripts

Run = Callable[..., CompletedProcess[str]]


def test_a_backend_that_can_answer_is_healthy(chatapp: Run, backend) -> None:
    done = chatapp("health", "--backend-url", backend.url)

    rows = [line.split()[:2] for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert rows == [["backend", "ok"], ["model", "ok"], ["store", "ok"]]
    assert "stub-model (127.0.0.1" in done.stdout
    assert "because" in done.stdout


def test_json_holds_one_entry_each(chatapp: Run, backend) -> None:
    report = json.loads(chatapp("health", "--json", env={"BACKEND_URL": backend.url}).stdout)

    assert set(report) == {"backend", "model", "store"}
    assert all(entry["ok"] is True and entry["latency_ms"] >= 0 for entry in report.values())
    assert report["backend"]["url"] == backend.url


def test_every_connection_has_a_row_and_one_that_is_down_is_no_harm(
    chatapp: Run, run_backend: Callable[..., object], tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text('[connections.lab]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["phi"]')
    backend = run_backend(connections=file)

    done = chatapp("health", "--backend-url", backend.url)  # type: ignore[attr-defined]
    rows = [line.split()[:2] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert rows[3:] == [["default", "ok"], ["lab", "failed"]]
    told = json.loads(chatapp("health", "--json", "--backend-url", backend.url).stdout)  # type: ignore[attr-defined]
    assert [(each["name"], each["ok"]) for each in told["connections"]] == [("default", True), ("lab", False)]
    assert done.returncode == 0


def test_a_model_that_is_down_is_exit_code_1_with_what_to_do(chatapp: Run, run_backend: Callable[..., object]) -> None:
    with scripts.closed_port() as nobody:
        backend = run_backend(base_url=nobody)
        done = chatapp("health", "--backend-url", backend.url)  # type: ignore[attr-defined]

    assert done.returncode == 1
    assert "model    failed" in done.stdout
    assert "cannot be reached" in done.stdout


def test_a_model_that_was_not_listed_yet_has_no_blank_in_place_of_its_name(
    chatapp: Run, run_backend: Callable[..., object], tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text('[connections.lab]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_variable = "LAB_KEY"')
    backend = run_backend(base_url=None, openai_api_key=None, model_name=None, connections=file)

    done = chatapp("health", "--backend-url", backend.url)  # type: ignore[attr-defined]
    assert "model    failed as listed first (127.0.0.1:9), because [connections.lab] names it" in done.stdout


def test_a_key_that_is_missing_is_exit_code_1_with_what_to_do(chatapp: Run, run_backend: Callable[..., object]) -> None:
    backend = run_backend(api_keys="me:a-key")

    without = chatapp("health", env={"BACKEND_URL": backend.url})  # type: ignore[attr-defined]
    with_key = chatapp("health", env={"BACKEND_URL": backend.url, "BACKEND_API_KEY": "a-key"})  # type: ignore[attr-defined]

    assert (without.returncode, with_key.returncode) == (1, 0)
    assert "BACKEND_API_KEY" in without.stdout


def test_a_wrong_key_is_told_as_that(chatapp: Run, run_backend: Callable[..., object]) -> None:
    backend = run_backend(api_keys="me:a-key")

    done = chatapp("health", env={"BACKEND_URL": backend.url, "BACKEND_API_KEY": "wrong"})  # type: ignore[attr-defined]

    assert done.returncode == 1
    assert done.stdout.startswith(f"backend  failed {backend.url}")  # type: ignore[attr-defined]
    assert "The backend does not know this API key." in done.stdout
    assert "model" not in done.stdout


def test_nobody_there_is_exit_code_3(chatapp: Run) -> None:
    with scripts.closed_port() as url:
        told, machine = chatapp("health", "--backend-url", url), chatapp("health", "--backend-url", url, "--json")

    assert (told.returncode, machine.returncode) == (3, 3)
    assert "Start it with: chatapp serve" in told.stdout
    assert json.loads(machine.stdout)["backend"]["ok"] is False


def test_something_else_there_is_no_backend(chatapp: Run, stub) -> None:
    done = chatapp("health", "--backend-url", stub.url)

    assert done.returncode == 1
    assert "Check the address in BACKEND_URL." in done.stdout


@pytest.mark.parametrize("url", ["http://[::1", "http://localhost:99999", "http://", "http://user:s3cret@localhost"])
@pytest.mark.parametrize("command", [["health"], ["health", "--json"], ["ask", "Hi"]], ids=" ".join)
def test_an_address_without_sense_is_exit_code_2(chatapp: Run, command: list[str], url: str) -> None:
    done = chatapp(*command, "--backend-url", url)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("chatapp: BACKEND_URL ")
    assert "s3cret" not in done.stderr


def test_a_refusal_is_exit_code_1_and_a_report(chatapp: Run, stub) -> None:
    refusal = {"detail": "This backend does not answer for that host.", "code": "foreign_host", "request_id": "r-1"}
    stub.next(scripts.respond(400, refusal))

    done = chatapp("health", "--json", "--backend-url", stub.url)

    assert done.returncode == 1
    assert json.loads(done.stdout)["backend"]["detail"] == refusal["detail"]


def test_a_backend_that_refuses_is_not_healthy(stub) -> None:
    stub.next(scripts.respond(429, {"detail": "Not now.", "code": "rate_limited", "request_id": "r-1"}))

    assert not is_healthy(BackendClient(stub.url))
