"""Connections that the page writes: all else in the file stays as it was, and nobody else reads it."""

import sys
from pathlib import Path

import pytest

from chatapp.config.connections import read_connections
from chatapp.config.connections_writing import remove_connection, save_connection
from chatapp.errors import SettingsError
from support.full_disk import disk_full

KEY = "sk-5entinel"
URL = "http://127.0.0.1:9/v1"
OTHERS = """\
# mine
[connections.work]  # of the firm
base_url = "https://models.example.org/v1"
api_key_file = "~/work.key"
models = [
  "a",
  "b",
]

[connections.work.prices]
input = 0.15

[models.fast]
try = ["work/a"]
"""
INLINE = 'connections = { work = { base_url = "http://a/v1" } } # in one line\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "connections.toml"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize("before", ["", "# nothing yet\n", OTHERS, INLINE])
def test_a_connection_is_added_and_taken_out_again(before: str, file: Path) -> None:
    write(file, before)

    save_connection(file, "groq", base_url=URL, api_key=KEY)

    groq = read_connections(file).connections["groq"]
    assert (groq.base_url, [key.get_secret_value() for key in groq.api_key]) == (URL, [KEY])
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600

    remove_connection(file, "groq")

    assert file.read_text().strip() == before.strip()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_address_and_key_of_one_that_is_there_are_changed_and_nothing_else(file: Path) -> None:
    write(file, OTHERS)

    save_connection(file, "work", base_url=URL, api_key=KEY)

    said = file.read_text()
    assert "~/work.key" not in said
    assert "# mine" in said
    work = read_connections(file).connections["work"]
    assert (work.base_url, list(work.models or ()), str(work.prices and work.prices.input)) == (URL, ["a", "b"], "0.15")

    save_connection(file, "work", base_url="http://127.0.0.1:8/v1", api_key=None)

    work = read_connections(file).connections["work"]
    assert (work.base_url, work.api_key[0].get_secret_value()) == ("http://127.0.0.1:8/v1", KEY)


@pytest.mark.parametrize(
    ("before", "name", "base_url", "said"),
    [
        (OTHERS, "two words", URL, "named with letters"),
        (OTHERS, "default", URL, "is there without this file"),
        (OTHERS, "groq", "ftp://models.example.org", "base_url must be"),
        ("[connections.groq]\nbase = 1\n", "work", URL, "line"),
    ],
    ids=["no name", "a name that is taken", "no address", "wrong already"],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    before: str, name: str, base_url: str, said: str, file: Path
) -> None:
    write(file, before)

    with pytest.raises(SettingsError, match=said) as caught:
        save_connection(file, name, base_url=base_url, api_key=KEY)

    assert KEY not in caught.value.sentence()
    assert file.read_text() == before


@pytest.mark.parametrize("before", [OTHERS, INLINE.replace("work = {", 'work = { api_key_variable = "K",')])
def test_a_key_does_not_go_to_another_host(before: str, file: Path) -> None:
    write(file, before)

    with pytest.raises(SettingsError, match="not for groq"):
        save_connection(file, "work", base_url="https://groq.example.org/v1", api_key=None)

    assert file.read_text() == before

    save_connection(file, "work", base_url="https://groq.example.org/v1", api_key=KEY)

    assert read_connections(file).connections["work"].api_key[0].get_secret_value() == KEY


@pytest.mark.parametrize(
    ("secret", "base_url"),
    [("headers = { x-api-key = 'k' }", "https://else.example.org/v1"), ("api_key = 'k'", "http://ours.example.org/v1")],
)
def test_a_key_in_a_header_stays_too_and_none_goes_in_the_clear(secret: str, base_url: str, file: Path) -> None:
    write(file, f"[connections.work]\nbase_url = 'https://ours.example.org/v1'\n{secret}\n")

    with pytest.raises(SettingsError, match="is for ours"):
        save_connection(file, "work", base_url=base_url, api_key=None)
    save_connection(file, "work", base_url=base_url, api_key=KEY)

    work = read_connections(file).connections["work"]
    assert ([key.get_secret_value() for key in work.api_key], work.headers) == ([KEY], {})


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_full_disk_leaves_the_file_as_it_was_and_no_keys_beside_it(file: Path) -> None:
    write(file, OTHERS)

    with disk_full(), pytest.raises(SettingsError, match="cannot be written"):
        save_connection(file, "groq", base_url=URL, api_key=KEY)

    assert file.read_text() == OTHERS
    assert [path.name for path in file.parent.iterdir()] == [file.name]
