"""What README, CHANGELOG and `--help` say is so."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import chatapp as package
from chatapp.config.connections import connection_rows, read_connections
from chatapp.config.settings import SettingRow, setting_rows
from chatapp.frontend.languages.language import languages
from real_clients.clients import CLIENTS
from support.catalogs import FOLDER

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TESTED = (ROOT / "tests" / "tested.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
COMMANDS = [
    "up",
    "serve",
    "ui",
    "health",
    "doctor",
    "ask",
    "list",
    "find",
    "show",
    "delete",
    "move",
    "export",
    "import",
    "backup",
    "restore",
    "projects",
]
EXAMPLE_URL = "http://localhost:8000"


def blocks(language: str, text: str = README) -> list[str]:
    """Return the fenced code of `language` (a regular expression), first block first."""
    return re.findall(rf"^```(?:{language})\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def shell_lines() -> Iterator[str]:
    """Return README's shell commands, with continued lines joined."""
    for block in blocks("sh|bash|shell|console"):
        yield from block.replace("\\\n", " ").splitlines()


def table_row(row: SettingRow) -> str:
    return f"| `{row.name}` | {f'`{row.default}`' if row.default else ''} | {row.meaning} |"


def test_readme_s_first_command_installs_and_runs() -> None:
    first = [*blocks("sh"), ""][0].strip()
    assert re.fullmatch(r".*pip install \..*&& chatapp up", first), "one line, from a clone to a running chat"


def test_readme_s_second_command_runs_the_tests() -> None:
    section = README.partition("\n## Test")[2].partition("\n## ")[0]
    command = [*blocks("sh", section), ""][0].splitlines()
    assert command, "README has a section `## Test` with a ```sh block"
    assert "pytest" in command[0], "whose first line installs what the tests need and runs them; .ci/run runs it"


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_shows_every_command(command: str) -> None:
    shown = any(re.search(rf"\bchatapp {command}\b", line) for line in shell_lines())
    assert shown, f"README has no shell block with `chatapp {command}`"


def test_the_settings_table_of_readme_is_true() -> None:
    shown = [line for line in README.splitlines() if re.match(r"\| `[A-Z_]+` \|", line)]
    expected = [table_row(row) for row in setting_rows()]
    table = "\n".join(["| name | default | meaning |", "|---|---|---|", *expected])
    assert shown == expected, f"README's settings table must be:\n\n{table}\n"


def test_the_table_of_a_connection_s_keys_in_readme_is_true() -> None:
    expected = [f"| `{row.name}` | {row.meaning} |" for row in connection_rows()]
    assert "\n".join(["| key of a connection | meaning |", "|---|---|", *expected, ""]) in README


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_connections_of_readme_can_be_read(text: str, tmp_path: Path) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(text, encoding="utf-8")
    assert not text.startswith("[connections") or read_connections(file).connections


@pytest.mark.parametrize("path", ["/health", "/query", "/query/stream", "/v1/chat/completions"])
def test_the_curl_examples_of_readme_work(path: str, backend: Any) -> None:
    examples = [line for line in shell_lines() if line.startswith("curl ") and _url_in(line) == EXAMPLE_URL + path]
    assert examples, f"README has no example that begins with `curl ` and asks {EXAMPLE_URL}{path}"
    for line in examples:
        assert _run_curl(line, backend.url).status_code == 200, line


def _url_in(line: str) -> str:
    return next((word for word in shlex.split(line, comments=True) if word.startswith("http")), "")


def _run_curl(line: str, backend_url: str) -> requests.Response:
    """Do what a curl command does, as far as our examples need it."""
    words = iter(shlex.split(line, comments=True)[1:])
    method, headers, data = None, {}, None
    for word in words:
        if word in {"-X", "--request"}:
            method = next(words)
        elif word in {"-H", "--header"}:
            name, _, value = next(words).partition(":")
            headers[name] = value.strip()
        elif word in {"-d", "--data", "--json"}:
            data = next(words)
    url = _url_in(line).replace(EXAMPLE_URL, backend_url)
    return requests.request(method or ("POST" if data else "GET"), url, headers=headers, data=data, timeout=10)


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_examples_of_readme_work(code: str, backend: Any) -> None:
    run = subprocess.run(
        [sys.executable, "-c", code.replace(EXAMPLE_URL, backend.url)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "stub" in run.stdout, "the example prints the answer"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", README))))
def test_what_readme_links_to_exists(link: str) -> None:
    assert (ROOT / link).exists()


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", README))))
def test_what_readme_points_to_within_itself_exists(anchor: str) -> None:
    assert anchor in anchors(README)


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(tests/tested\.md#([^)]+)\)", README))))
def test_what_readme_points_to_of_what_was_tested_exists(anchor: str) -> None:
    assert anchor in anchors(TESTED)


def test_all_clients_that_are_run_are_in_the_table_of_them() -> None:
    rows = re.findall(r"^\| `(\S+)` (?:\(npm\) )?\d", TESTED.partition("## Clients")[2], re.MULTILINE)
    packages = [re.split("[ ,]", client.name)[0] for client in CLIENTS]
    assert len(rows) == len(CLIENTS)
    assert [package for package in packages if not any(row.startswith(package) for row in rows)] == []


def test_readme_names_the_languages_of_the_page_and_how_to_add_one() -> None:
    named = re.findall(r"The page speaks ([A-Z][\w, ]+), which", README)
    assert [len(re.split(", | and ", names)) for names in named] == [len(languages())]
    assert (ROOT / "tests" / "languages.py").exists()
    assert "`python tests/languages.py fr` writes `src/chatapp/frontend/languages/fr.po`" in README
    assert FOLDER == ROOT / "src/chatapp/frontend/languages"


def test_the_changelog_names_this_version() -> None:
    assert re.search(rf"^## \[?{re.escape(package.__version__)}\]? - \d{{4}}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)


def test_the_package_and_its_metadata_have_one_version() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{package.__version__}"\n' in pyproject


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("up", ["HOST", "PORT", "UI_PORT"]),
        ("serve", ["HOST", "PORT", *(row.name for row in setting_rows())]),
        ("ui", ["BACKEND_URL", "HOST", "UI_PORT"]),
        ("health", ["BACKEND_URL"]),
        ("ask", ["BACKEND_URL"]),
    ],
)
def test_help_names_the_settings_beside_the_options(
    command: str, names: list[str], chatapp: Callable[..., Any]
) -> None:
    shown = chatapp(command, "--help", env={"COLUMNS": "120"})
    assert shown.returncode == 0
    assert [name for name in names if not re.search(rf"\b{name}\b", shown.stdout)] == []


def test_help_names_every_command(chatapp: Callable[..., Any]) -> None:
    shown = chatapp("--help").stdout
    assert [command for command in COMMANDS if not re.search(rf"^\W*{command}\b", shown, re.MULTILINE)] == []


def test_the_version_is_shown(chatapp: Callable[..., Any]) -> None:
    assert chatapp("--version").stdout == f"chatapp {package.__version__}\n"
