"""What this machine is called."""

from typing import Any

import pytest

from chatapp.hosts import is_loopback, is_ours

pytestmark = pytest.mark.faults

LOOPBACK = {"listening_on": "127.0.0.1", "allowed": ()}
BEYOND = {"listening_on": "0.0.0.0", "allowed": ("chat.example.org",)}
ANY = {"listening_on": "0.0.0.0", "allowed": ("*",)}


@pytest.mark.parametrize(
    ("host", "here", "is_it"),
    [
        ("localhost:8501", LOOPBACK, True),
        ("LOCALHOST.", LOOPBACK, True),
        ("127.0.0.1", LOOPBACK, True),
        ("[::1]:8501", LOOPBACK, True),
        ("evil.example", LOOPBACK, False),
        ("evil.example:8501", BEYOND, False),
        ("localhost.evil.example", LOOPBACK, False),
        ("localhost@evil.example", LOOPBACK, False),
        ("192.168.1.7:8501", LOOPBACK, False),
        ("192.168.1.7:8501", BEYOND, True),
        ("[fe80::1]", BEYOND, True),
        ("Chat.Example.org", BEYOND, True),
        ("evil.example", ANY, True),
        ("", LOOPBACK, False),
        ("", ANY, False),
        ("[", LOOPBACK, False),
        ("localhost:1, evil.example", LOOPBACK, False),
        ("evil.example@localhost", LOOPBACK, False),
        ("localhost/evil.example", LOOPBACK, False),
        ("localhost:x", LOOPBACK, False),
        ("[::1]evil.example", LOOPBACK, False),
        ("evil.example, localhost", ANY, False),
        ("localhost:", LOOPBACK, True),
    ],
)
def test_only_names_of_this_machine_are_ours(host: str, here: dict[str, Any], is_it: bool) -> None:
    assert is_ours(host, **here) is is_it


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_this_machine_alone_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.example.org", ""])
def test_other_addresses_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)
