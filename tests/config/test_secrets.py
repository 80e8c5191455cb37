"""Secrets: read from files, exchanged while we run, and everything we write is its user's alone."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError, UpstreamAuthError
from chatapp.providers.connection import configured_upstream
from support import scripts
from support.commands import Serving
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel

pytestmark = pytest.mark.faults

RunBackend = Callable[..., RunningBackend]


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file per secret, as systemd hands it over."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


@pytest.mark.parametrize("name", ["openai_api_key", "OPENAI_API_KEY"])
def test_a_file_named_like_a_setting_is_its_value(name: str, secrets: Path) -> None:
    (secrets / name).write_text("sk-from-a-file\n")
    settings = Settings.load()
    assert settings.openai_api_key.get_secret_value() == "sk-from-a-file"
    assert configured_upstream(settings).reason == "OPENAI_API_KEY is set"


def test_everything_else_wins_over_a_secret_s_file(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "model_name").write_text("by-file")
    assert Settings.load().model_name == "by-file"
    (tmp_path / ".env").write_text("MODEL_NAME=by-env-file")
    assert Settings.load().model_name == "by-env-file"
    monkeypatch.setenv("MODEL_NAME", "by-environment")
    assert Settings.load().model_name == "by-environment"
    assert Settings.load(model_name="by-option").model_name == "by-option"


def test_the_folder_of_containers_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatapp.config.environment.RUN_SECRETS", tmp_path)
    (tmp_path / "api_keys").write_text("me:a-key\n")
    assert Settings.load().api_keys.get_secret_value() == "me:a-key"


def test_a_folder_that_is_not_there_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "none"))
    assert Settings.load().openai_api_key is None


def test_a_wrong_secret_is_named_and_not_shown(secrets: Path) -> None:
    (secrets / "database_url").write_text("mysql://s3cret")
    with pytest.raises(SettingsError, match="DATABASE_URL has a value that cannot be used") as caught:
        Settings.load()
    assert "s3cret" not in caught.value.sentence()


def test_a_secret_that_is_no_text_is_said_so(secrets: Path) -> None:
    (secrets / "openai_api_key").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load()


def test_ask_and_health_read_their_key_from_its_file(
    chatapp: Callable[..., Any], run_backend: RunBackend, secrets: Path
) -> None:
    backend = run_backend(api_keys="me:a-key")
    (secrets / "backend_api_key").write_text("a-key\n")
    asked = chatapp("ask", "Why?", env={"BACKEND_URL": backend.url})
    assert (asked.returncode, asked.stdout.strip()) == (0, "Hello from the stub.")
    assert chatapp("health", env={"BACKEND_URL": backend.url}).returncode == 0


def test_a_mark_of_windows_before_a_key_is_no_part_of_it(
    run_backend: RunBackend, stub: StubModel, secrets: Path, tmp_path: Path
) -> None:
    (secrets / "openai_api_key").write_text("sk-from-a-file\n", encoding="utf-8-sig")
    assert Settings.load().openai_api_key.get_secret_value() == "sk-from-a-file"

    file = tmp_path / "key"
    file.write_text("sk-from-there\n", encoding="utf-8-sig")
    run_backend(openai_api_key=None, openai_api_key_file=file).client.ask("Why?")
    assert stub.calls[-1].headers["authorization"] == "Bearer sk-from-there"


def test_a_key_is_exchanged_without_a_restart(run_backend: RunBackend, stub: StubModel, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-1")
    client = run_backend(openai_api_key=None, openai_api_key_file=file).client
    client.ask("Why?")
    exchanged = tmp_path / "new"
    exchanged.write_text("sk-2")
    exchanged.replace(file)
    client.ask("Why?")
    assert [call.headers["authorization"] for call in stub.calls] == ["Bearer sk-1", "Bearer sk-2"]


def test_an_answer_in_the_making_survives_the_exchange_of_its_key(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("sk-1")
    client = run_backend(openai_api_key=None, openai_api_key_file=file).client
    stub.next(scripts.answer("one", 0.3, " two"))
    with client.stream("Why?") as events:
        next(iter(events))
        file.write_text("sk-another")
        assert "".join(getattr(event, "text", "") for event in events) == "one two"


def test_a_key_file_that_is_gone_fails_the_question_and_comes_back(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("sk-1")
    client = run_backend(openai_api_key=None, openai_api_key_file=file).client
    file.unlink()
    with pytest.raises(UpstreamAuthError, match="file with the API key"):
        client.ask("Why?")
    file.write_text("sk-2")
    assert client.ask("Why?").answer == "Hello from the stub."


@pytest.mark.skipif(sys.platform == "win32", reason="no file modes on Windows")
def test_all_we_write_is_its_users_alone(stub: StubModel, tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    env = {"BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "DATA_DIR": str(data), "RATE_LIMIT": "100/minute"}
    before = os.umask(0o022)
    try:
        with Serving(env=env) as serving:
            with BackendClient(serving.url) as client:
                client.ask("Why?", store=True)
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [data, *data.rglob("*")]}
            folders = {path for path in modes if path.is_dir()}
    finally:
        os.umask(before)
    assert {data / "chatapp.db", data / "rate-limit.db", data / "calls"} <= modes.keys()
    assert modes == {path: 0o700 if path in folders else 0o600 for path in modes}
    homes = [Path(os.environ["HOME"]), tmp_path / "new"]
    written = [path for home in homes for path in home.rglob("*") if path.is_file()]
    assert {path for path in written if data not in path.parents} == set(), "nothing anywhere else"
