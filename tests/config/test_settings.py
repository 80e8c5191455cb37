"""Where settings come from, what they may be, and what is said about a wrong one."""

from pathlib import Path

import pydantic
import pytest

from chatapp.config.env_file import SETTINGS
from chatapp.config.environment import child_environment, load_env_files
from chatapp.config.settings import Settings, setting_rows
from chatapp.errors import SettingsError
from chatapp.providers.catalog import provider_of
from chatapp.providers.connection import Upstream, configured_upstream

SECRET = "hunter2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the user's own `.env`."""
    folder = tmp_path / "home" / ".config" / "chatapp"
    folder.mkdir(parents=True)
    return folder


def test_without_anything_the_defaults_hold() -> None:
    settings = Settings.load()
    assert (settings.base_url, settings.model_name, settings.port) == ("https://api.openai.com/v1", "gpt-4o-mini", 8000)
    assert not settings.use_streaming
    assert not settings.is_set("base_url")


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1111")
    assert Settings.load(port=2222).port == 2222


def test_an_option_that_was_not_given_leaves_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1111")
    assert Settings.load(port=None).port == 1111


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=3333\nUI_PORT=3334\n")
    monkeypatch.setenv("PORT", "1111")
    settings = Settings.load()
    assert (settings.port, settings.ui_port) == (1111, 3334)


def test_the_working_directory_wins_over_the_user_s_folder(folder: Path) -> None:
    Path(".env").write_text("PORT=3333\n")
    (folder / ".env").write_text("PORT=4444\nUI_PORT=4445\n")
    settings = Settings.load()
    assert (settings.port, settings.ui_port) == (3333, 4445)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    pwd = pytest.importorskip("pwd", reason="Windows knows every user's home")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # as in a container that is run by a number
    with pytest.raises(SettingsError, match="HOME names no folder"):
        load_env_files()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("BASE_URL", "")
    settings = Settings.load()
    assert settings.port == 8000
    assert not settings.is_set("base_url")


def test_an_empty_variable_turns_the_env_file_s_value_off(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=3333\n")
    monkeypatch.setenv("PORT", "")
    assert Settings.load().port == 8000


def test_a_byte_order_mark_before_the_env_file_is_no_part_of_a_name() -> None:
    Path(".env").write_text("PORT=3333\n", encoding="utf-8-sig")
    assert Settings.load().port == 3333


@pytest.mark.parametrize("data", ["PORT=3333\n".encode("utf-16"), b"NAME=caf\xe9\n", b"NAME=a\0b\n"])
def test_an_env_file_that_cannot_be_read_is_named(data: bytes) -> None:
    Path(".env").write_bytes(data)
    with pytest.raises(SettingsError, match=r"\.env") as caught:
        Settings.load()
    assert "UTF-8" in caught.value.sentence()


def test_a_setting_that_cannot_be_read_is_named_with_its_file_and_line() -> None:
    Path(".env").write_text('# ours\n\nexport BASE_URL="http://localhost:1/v1\nPORT=3333\n')
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert caught.value.sentence() == "Line 3 of .env cannot be read: BASE_URL. Write BASE_URL=value; close its quotes."


@pytest.mark.parametrize(
    ("line", "warnings"),
    [
        ("PORT=3333", []),
        ("port=3333", []),
        ("ANOTHER_PROGRAM=1", []),
        ("BASEURL=http://localhost:1/v1", ["Line 2 of .env sets BASEURL, which is no setting. Did you mean BASE_URL?"]),
        ("OPENAI_KEY", ["Line 2 of .env sets OPENAI_KEY, which is no setting. Did you mean OPENAI_API_KEY?"]),
        ("no variable'", ["Line 2 of .env cannot be read."]),
    ],
)
def test_a_line_that_was_meant_otherwise_is_warned_of(line: str, warnings: list[str]) -> None:
    Path(".env").write_text(f"\n{line}\nMODEL_NAME=this\n")
    assert load_env_files() == warnings
    assert Settings.load().model_name == "this"


def test_every_value_tells_what_has_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=3333\nMODEL_NAME=this\n")
    monkeypatch.setenv("MODEL_NAME", "that")
    settings = Settings.load()
    origins = [settings.origin(name) for name in ("port", "model_name", "host")]
    assert origins == [str(Path(".env").absolute()), "the environment", "default"]

    for name, value in child_environment(HOST="127.0.0.2", PORT="3333").items():
        monkeypatch.setenv(name, value)
    child = Settings.load()
    origins = [child.origin(name) for name in ("port", "model_name", "host")]
    assert origins == [str(Path(".env").absolute()), "the environment", "the command that started it"]


def test_every_setting_is_known_by_its_name() -> None:
    assert set(SETTINGS) == {name.upper() for name in Settings.model_fields} | {"OPENAI_BASE_URL"}


def test_the_name_that_other_programs_use_for_the_base_url_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    settings = Settings.load()
    assert settings.base_url == "http://localhost:1/v1"
    assert settings.is_set("base_url")


@pytest.mark.parametrize(
    "pasted",
    [
        "http://localhost:1/v1/chat/completions",
        "http://localhost:1/v1/chat/completions/",
        "http://localhost:1/v1/models",
        "http://localhost:1/v1/responses",
    ],
)
def test_the_address_of_questions_is_taken_for_that_of_the_api(pasted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", pasted)

    assert Settings.load().base_url == "http://localhost:1/v1"


def test_our_name_for_the_base_url_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("BASE_URL", "http://localhost:2/v1")
    assert Settings.load().base_url == "http://localhost:2/v1"


def test_values_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "BASE_URL": "http://localhost:11434/v1/",
        "CORS_ORIGINS": "https://a.example, https://b.example,",
        "LOG_LEVEL": "DEBUG",
        "USE_STREAMING": "True",
        "REQUEST_TIMEOUT": "2.5",
        "OPENAI_API_KEY": " sk-key\n",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.base_url == "http://localhost:11434/v1"
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert (settings.log_level, settings.use_streaming, settings.request_timeout) == ("debug", True, 2.5)
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-key"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "web", "PORT is 'web': it must be a valid integer."),
        ("PORT", "0", "PORT is '0': it must be greater than or equal to 1."),
        ("UI_PORT", "65536", "UI_PORT is '65536': it must be less than or equal to 65535."),
        ("REQUEST_TIMEOUT", "soon", "REQUEST_TIMEOUT is 'soon': it must be a valid number."),
        ("REQUEST_TIMEOUT", "0", "REQUEST_TIMEOUT is '0': it must be greater than 0."),
        ("GAP_TIMEOUT", "inf", "GAP_TIMEOUT is 'inf': it must be a finite number."),
        ("TOTAL_TIMEOUT", "nan", "TOTAL_TIMEOUT is 'nan': it must be a finite number."),
        ("GAP_TIMEOUT", "1e300", "GAP_TIMEOUT is '1e300': it must be less than or equal to 1"),
        ("DATA_DIR", "~no-such-user/x", "DATA_DIR is '~no-such-user/x': it must be a path whose `~` stands for a home"),
        ("HOST", "127.0.0.1:8000", "HOST is '127.0.0.1:8000': it must be a name or an address alone; its"),
        ("HOST", "127.0.0.1 ", "HOST is '127.0.0.1 ': it must be a name or an address alone; its"),
        ("HOST", "[::1]:8000", "HOST is '[::1]:8000': it must be a name or an address alone; its"),
        ("USE_STREAMING", "maybe", "USE_STREAMING is 'maybe': it must be a valid boolean."),
        ("MAX_BODY_BYTES", "-1", "MAX_BODY_BYTES is '-1': it must be greater than 0."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud': it must be 'debug', 'info', 'warning' or 'error'."),
        ("LOG_FORMAT", "xml", "LOG_FORMAT is 'xml': it must be 'text' or 'json'."),
        ("BASE_URL", "localhost:11434", "BASE_URL is 'localhost:11434': it must be an address that starts with http"),
        ("BASE_URL", "http://[::1", "BASE_URL is 'http://[::1': it must be an address that starts with http"),
        ("BASE_URL", "http://x:99999/v1", "BASE_URL is 'http://x:99999/v1': it must be an address whose port is a"),
        ("BASE_URL", " http://x/v1", "BASE_URL is ' http://x/v1': it must be an address that starts with http"),
        ("BASE_URL", "http://x y/v1", "BASE_URL is 'http://x y/v1': it must be an address that starts with http"),
        ("BASE_URL", "http://x/v1?a=b", "BASE_URL is 'http://x/v1?a=b': it must be an address without `?` and `#`."),
        ("BASE_URL", "http://x/v1#a", "BASE_URL is 'http://x/v1#a': it must be an address without `?` and `#`."),
        ("BACKEND_URL", "http://", "BACKEND_URL is 'http://': it must be an address that starts with http"),
        ("CORS_ORIGINS", "localhost", "CORS_ORIGINS is 'localhost': it must be `*` or origins such as https://chat"),
        ("TRUSTED_PROXY", "*", "TRUSTED_PROXY is '*': it must be addresses or networks such as 10.0.0.0/8"),
        ("TRUSTED_PROXY", "10.0.0.1/8", "TRUSTED_PROXY is '10.0.0.1/8': it must be addresses or networks such as"),
        ("ALLOWED_HOSTS", "a,b.org:443", "ALLOWED_HOSTS is 'b.org:443': it must be `*` or names such as chat.example"),
        ("ALLOWED_HOSTS", "https://b.org", "ALLOWED_HOSTS is 'https://b.org': it must be `*` or names such as chat"),
        ("ALLOWED_HOSTS", "*.b.org", "ALLOWED_HOSTS is '*.b.org': it must be `*` or names such as chat.example"),
        ("CORS_ORIGINS", "http://[", "CORS_ORIGINS is 'http://[': it must be `*` or origins such as https://chat"),
    ],
)
def test_a_wrong_value_is_one_sentence(name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert caught.value.detail.startswith(sentence)
    assert caught.value.detail.endswith(".")
    assert "\n" not in caught.value.detail


def test_a_wrong_option_is_named_by_its_setting() -> None:
    with pytest.raises(SettingsError, match=r"^PORT is 99999: "):
        Settings.load(port=99999)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", f"http://user:{SECRET}@localhost/v1"),
        ("BACKEND_URL", f"https://{SECRET}@localhost"),
        ("OPENAI_BASE_URL", f"user:{SECRET}@localhost"),
        ("OPENAI_API_KEY", f"schlüssel-{SECRET}"),
        ("BACKEND_API_KEY", f"a\x07{SECRET}"),
        ("DATABASE_URL", f"mysql://user:{SECRET}@localhost/chat"),
        ("BASE_URL", f"https://localhost/v1?api-key=0123456789abcdefghij{SECRET}"),
        ("BASE_URL", f"sk-{SECRET}"),
        ("BASE_URL", f'"sk-{SECRET}'),
        ("BASE_URL", f"gsk_0123456789abcdefghij{SECRET}"),
        ("PORT", f"AIza0123456789abcdefghij{SECRET}"),
    ],
)
def test_a_wrong_value_with_a_secret_in_it_is_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="BASE_URL" if "BASE_URL" in name else name) as caught:
        Settings.load()
    assert SECRET not in caught.value.sentence()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_secrets_are_not_in_the_representation() -> None:
    settings = Settings.load(openai_api_key=SECRET, backend_api_key=SECRET, api_keys=f"me:{SECRET}")
    assert SECRET not in repr(settings)
    assert SECRET not in repr(configured_upstream(settings))


def test_every_secret_is_known_as_one() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == Settings.secrets


def test_settings_do_not_change() -> None:
    with pytest.raises(pydantic.ValidationError):
        Settings.load().port = 1  # type: ignore[misc]


def test_every_setting_has_a_sentence() -> None:
    for row in setting_rows():
        assert row.meaning.endswith("."), f"{row.name} has no sentence"
        assert row.meaning[0].isupper() or row.meaning[0] == "`", f"{row.name}: {row.meaning}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "OpenAI"),
        ("http://localhost:11434/v1", "Ollama"),
        ("http://127.0.0.1:1234/v1", "LM Studio"),
        ("http://[::1]:8080/v1", "llama.cpp"),
        ("http://gpu.example:11434/v1", "gpu.example:11434"),
        ("https://api.openai.com.evil.example/v1", "api.openai.com.evil.example"),
    ],
)
def test_a_provider_is_known_by_host_or_by_local_port(url: str, name: str) -> None:
    assert provider_of(url) == name


def test_no_model_server_is_named_by_default() -> None:
    assert configured_upstream(Settings.load()) is None


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"base_url": "http://localhost:9/v1"}, "BASE_URL is set"),
        ({"openai_api_key": "sk-key"}, "OPENAI_API_KEY is set"),
        ({"openai_api_key_file": "key.txt"}, "OPENAI_API_KEY_FILE is set"),
    ],
)
def test_an_address_or_a_key_names_a_model_server(option: dict[str, str], reason: str) -> None:
    upstream = configured_upstream(Settings.load(**option))
    assert isinstance(upstream, Upstream)
    assert upstream.reason == reason


@pytest.mark.parametrize("name", ["data_dir", "openai_api_key_file"])
def test_a_tilde_in_a_path_is_the_home_folder(name: str) -> None:
    assert getattr(Settings.load(**{name: "~/chats"}), name) == Path.home() / "chats"


def test_what_kubernetes_sets_for_a_service_named_ui_is_passed_by(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("UI_PORT", "tcp://10.43.0.1:8501")
    assert Settings.load().ui_port == 8501
    assert caplog.messages == ["UI_PORT is an address, as Kubernetes sets it for a service of that name; 8501 is used"]
