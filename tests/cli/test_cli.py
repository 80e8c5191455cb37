"""The command line as a whole: what it says about itself, where values come from, how it fails."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chatapp import __version__
from chatapp.cli.access import notes_on_connections, notes_on_names
from chatapp.cli.parameters import KEY_COMMAND
from chatapp.config.settings import Settings, setting_rows
from chatapp.processes.ports import free_port

Run = Callable[..., CompletedProcess[str]]

COMMANDS = ("up", "serve", "ui", "health", "ask", "list")
HEAVY = {
    "fastapi",
    "httptools",
    "openai",
    "pydantic",
    "pydantic_settings",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "streamlit",
    "uvicorn",
    "xllamacpp",
}


def imported_by(*arguments: str) -> set[str]:
    """Return the modules that a command imports, as far as they are listed in HEAVY."""
    command = [sys.executable, "-X", "importtime", "-m", "chatapp", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60)
    return HEAVY & {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], [], *([command, "--help"] for command in COMMANDS)])
def test_telling_about_itself_imports_nothing_heavy(arguments: list[str]) -> None:
    allowed = {"pydantic", "pydantic_settings"} if arguments[:1] == ["serve"] else set()

    assert imported_by(*arguments) <= allowed


def test_asking_imports_no_more_than_the_client(shared) -> None:
    assert imported_by("ask", "Hi", "--backend-url", shared.url) == {"requests"}
    assert imported_by("health", "--backend-url", shared.url) == {"requests"}


def test_the_list_of_commands_says_every_sentence_to_its_end(chatapp: Run) -> None:
    _, commands = chatapp("--help", env={"COLUMNS": "60"}).stdout.split("Commands:")
    assert "..." not in commands
    assert "ask many." in " ".join(commands.split())


def test_version_is_the_package_version(chatapp: Run) -> None:
    assert chatapp("--version").stdout == f"chatapp {__version__}\n"


def test_the_module_runs_as_the_script_does(chatapp: Run) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatapp", "--version"], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == chatapp("--version").stdout


def test_no_command_shows_all_of_them(chatapp: Run) -> None:
    done = chatapp()

    assert done.returncode == 0
    assert all(re.search(rf"^  {command} ", done.stdout, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_shows_what_stands_in_for_it(chatapp: Run, command: str) -> None:
    text = " ".join(chatapp(command, "--help").stdout.partition("Options:")[2].partition("\n\n")[0].split())
    options = re.split(r"(?<!,) (?=(?:-\w, )?--\w)", text.partition("-h, --help")[0])

    assert len(options) > 1
    assert all("[env var: " in option for option in options), options


def test_options_of_settings_tell_the_settings_default(chatapp: Run) -> None:
    defaults = {row.name: row.default for row in setting_rows()}
    for command in COMMANDS:
        text = " ".join(chatapp(command, "--help").stdout.partition("Options:")[2].split())
        shown = dict(re.findall(r"Default: (\S+?)\. \[env var: (\w+)\]", text))
        assert {name: defaults[name] for name in shown.values()} == {name: default for default, name in shown.items()}


def test_help_of_serve_shows_every_setting_and_how_to_make_a_key(chatapp: Run) -> None:
    text = chatapp("serve", "--help").stdout

    assert all(re.search(rf"^  {name.upper()} ", text, re.MULTILINE) for name in Settings.model_fields)
    assert KEY_COMMAND in text


def test_the_command_that_makes_a_key_makes_one_that_is_accepted() -> None:
    made = subprocess.run(["sh", "-c", KEY_COMMAND], capture_output=True, text=True, check=True, timeout=60)

    assert re.fullmatch(r"me:[\w-]{43}", made.stdout.strip())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["docter"], "No such command 'docter'. Did you mean 'doctor'? See: chatapp --help"),
        (
            ["ask", "Hi", "--temperature", "hot"],
            "Invalid value for '--temperature': it must be a valid number. See: chatapp ask --help",
        ),
        (["ask", "--bogus"], "No such option: --bogus. See: chatapp ask --help"),
        (["health", "words"], "Got unexpected extra argument(s) (words). See: chatapp health --help"),
        (["serve", "--port", "abc"], "PORT is 'abc': it must be a valid integer."),
        (["serve", "--port", "99999"], "PORT is '99999': it must be less than or equal to 65535."),
        (["ui", "--port", "0"], "UI_PORT is '0': it must be greater than or equal to 1."),
        (["up", "--ui-port", "x"], "UI_PORT is 'x': it must be a valid integer."),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(chatapp: Run, arguments: list[str], sentence: str) -> None:
    done = chatapp(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"chatapp: {sentence}\n")


def test_a_wrong_value_is_named_by_the_variable_that_has_it(chatapp: Run) -> None:
    done = chatapp("ask", "Hi", env={"CHATAPP_ASK_JSON": "maybe"})

    assert done.returncode == 2
    assert done.stderr.startswith("chatapp: Invalid value for CHATAPP_ASK_JSON: ")


def test_a_page_is_not_started_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    ui = f"exec {sys.executable} -m chatapp ui --port {free_port()}"
    command = ["sh", "-c", f"mkdir gone; cd gone; rmdir ../gone; {ui}"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    said = "chatapp: The folder that this was started in is gone. Start it in another.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize("command", ["serve", "ui", "up"])
def test_the_door_stays_shut_beyond_this_machine_without_keys(chatapp: Run, command: str) -> None:
    done = chatapp(command, "--host", "0.0.0.0")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "API_KEYS" in done.stderr
    assert KEY_COMMAND in done.stderr


def test_precedence_is_option_environment_env_file_own_env_file(chatapp: Run, tmp_path: Path) -> None:
    def port_that_counts(*options: str, **variables: str) -> str:
        return re.findall(r"PORT is '(\w+)'", chatapp("serve", *options, env=variables).stderr)[0]

    own = Path(os.environ["HOME"]) / ".config" / "chatapp"
    own.mkdir(parents=True)
    (own / ".env").write_text("PORT=own")
    assert port_that_counts() == "own"
    (tmp_path / ".env").write_text("PORT=here")
    assert port_that_counts() == "here"
    assert port_that_counts(PORT="environment") == "environment"
    assert port_that_counts("--port", "option", PORT="environment") == "option"


def test_a_defect_is_one_sentence_unless_asked_for_more(chatapp: Run, tmp_path: Path) -> None:
    (tmp_path / "requests.py").write_text("raise RuntimeError('a secret')")
    broken = {"PYTHONPATH": str(tmp_path)}

    brief, full = chatapp("health", env=broken), chatapp("health", env={**broken, "LOG_LEVEL": "debug"})

    sentence = "chatapp: RuntimeError, a defect of chatapp's own. LOG_LEVEL=debug shows where.\n"
    assert (brief.returncode, brief.stderr) == (1, sentence)
    assert full.stderr.endswith("RuntimeError: a secret\n")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"API_KEYS": "ann:k", "BUDGETS": "ann:5/day,*:9/day,connection/x:1/day", "ADMIN_KEYS": "ann"}, []),
        ({"API_KEYS": "ann:k", "BUDGETS": "anne:5/day,anne:9/month", "ADMIN_KEYS": "bob"}, ["anne", "bob"]),
        ({"API_KEYS": "keys", "BUDGETS": "ann:5/day,bob:5/day"}, ["bob"]),
        ({"BUDGETS": "ann:5/day"}, ["ann"]),
    ],
    ids=["known", "misspelt", "file", "no keys"],
)
def test_names_that_no_key_has_are_told(
    variables: dict[str, str], named: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("keys").write_text(f"ann:{hashlib.sha256(b'k').hexdigest()}\n", encoding="utf-8")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert [note.split("'")[1] for note in notes_on_names(Settings.load())] == named


def test_connections_that_only_a_budget_names_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file.toml").write_text('[connections.work]\nbase_url = "http://127.0.0.1:9/v1"\n', encoding="utf-8")
    monkeypatch.setenv("CONNECTIONS", "file.toml")
    monkeypatch.setenv("BUDGETS", "connection/work:5/day,connection/ollama:5/day,connection/wrok:5/day,*:9/day")
    assert [note.split("'")[1] for note in notes_on_connections(Settings.load())] == ["wrok"]


@pytest.mark.parametrize(
    ("streams", "code", "said"),
    [
        ("<&- >&-", 0, ""),
        (">/dev/full", 1, "chatapp: The output cannot be written: No space left on device.\n"),
        (">/dev/full 2>/dev/full", 1, ""),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_output_that_goes_nowhere_is_no_defect(streams: str, code: int, said: str) -> None:
    command = ["sh", "-c", f'"$0" -m chatapp --version {streams}', sys.executable]

    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.skipif(sys.platform == "win32", reason="bash has the completion")
def test_a_file_that_cannot_be_written_is_not_told_as_the_output(tmp_path: Path) -> None:
    command = ["bash", "-c", 'ulimit -f 0; "$0" -m chatapp --install-completion; exit $?', sys.executable]
    home = {"HOME": str(tmp_path)}

    done = subprocess.run(command, env=os.environ | home, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (1, "chatapp: A file cannot be written: File too large.\n")
