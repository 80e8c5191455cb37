"""API keys: who gets in, and who does not."""

import hashlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from chatapp.backend.access.api_keys import KeyRing
from chatapp.backend.access.wrong_keys import WrongKeys
from chatapp.client import BackendClient
from chatapp.errors import SettingsError
from support.keyed_requests import KEY, bearer, get
from support.running_backend import RunningBackend, backend_before
from support.stub_model import StubModel

pytestmark = pytest.mark.faults

STREAM = "/query/stream"


@pytest.fixture(scope="module")
def guarded(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBackend]:
    """A backend that knows two people."""
    with backend_before(model, tmp_path_factory.mktemp("data"), api_keys=f"ada:{KEY}, bob:schlüssel") as backend:
        yield backend


GOOD = {
    "bearer": bearer(KEY),
    "bearer in small letters": {"authorization": f"bearer {KEY}"},
    "more space": {"Authorization": f"Bearer   {KEY}"},
    "x-api-key": {"X-API-Key": KEY},
    "x-api-key with blanks behind it": {"X-API-Key": f"{KEY} \t"},
    "x-api-key beside another scheme": {"X-API-Key": KEY, "Authorization": "Basic YTpi"},
    "the bytes of UTF-8": {"X-API-Key": "schlüssel".encode()},
}
BAD: dict[str, dict[str, Any]] = {
    "nothing": {},
    "another key": bearer("another"),
    "half a key": bearer(KEY[:-1]),
    "the name": bearer("ada"),
    "the pair": bearer(f"ada:{KEY}"),
    "the digest": bearer(hashlib.sha256(KEY.encode()).hexdigest()),
    "no key behind the scheme": {"Authorization": "Bearer"},
    "the key alone": {"Authorization": KEY},
    "another scheme": {"Authorization": f"Basic {KEY}"},
    "a wrong bearer beside a good key": {**bearer("another"), "X-API-Key": KEY},
    "no ASCII": {"X-API-Key": "schlössel".encode()},
    "no UTF-8": {"Authorization": b"Bearer \xff\xfe\x80"},
    "long": bearer("k" * 30_000),
}


@pytest.mark.parametrize("headers", GOOD.values(), ids=GOOD.keys())
def test_a_known_key_opens(headers: dict[str, Any], guarded: RunningBackend) -> None:
    assert get(guarded, **headers).status_code == 200


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_anything_else_gets_the_one_401(headers: dict[str, Any], guarded: RunningBackend) -> None:
    response = get(guarded, **headers)
    body = response.json()
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert body.pop("request_id") == response.headers["X-Request-ID"]
    assert body == {
        "code": "unauthorized",
        "detail": "This backend wants an API key.",
        "hint": "Send it as: Authorization: Bearer KEY, or set BACKEND_API_KEY.",
    }


@pytest.mark.parametrize(
    "path", ["/ready", "/docs", "/openapi.json", "/conversations", "/turns/a", "/nothing", "/health/", "//health"]
)
def test_every_path_wants_a_key(path: str, guarded: RunningBackend) -> None:
    assert get(guarded, path).status_code == 401


def test_health_and_preflights_want_none(guarded: RunningBackend) -> None:
    asks = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    assert get(guarded, "/health").status_code == 200
    assert requests.head(f"{guarded.url}/health", timeout=10).status_code == 200
    assert requests.options(f"{guarded.url}/query", headers=asks, timeout=10).status_code == 200


def test_what_a_key_opens_is_not_kept_on_the_way(guarded: RunningBackend) -> None:
    assert get(guarded, "/conversations", **bearer(KEY)).headers["Cache-Control"] == "no-store"
    assert requests.head(f"{guarded.url}/health", timeout=10).headers["Cache-Control"] == "no-store"


def test_a_question_without_a_key_asks_nobody(guarded: RunningBackend, model: StubModel) -> None:
    before = model.hits
    assert requests.post(guarded.url + STREAM, json={"prompt": "Why?"}, timeout=10).status_code == 401
    assert model.hits == before


def test_a_body_without_a_key_is_not_read(guarded: RunningBackend) -> None:
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=10) as connection:
        connection.sendall(b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_what_comes_behind_a_body_is_no_header(guarded: RunningBackend) -> None:
    head = "POST /query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=10) as connection:
        connection.sendall(f"{head}2\r\n{{}}\r\n0\r\nX-Request-ID: mine-1\r\n\r\n".encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"mine-1" not in answer


def test_the_log_does_not_hold_keys(guarded: RunningBackend, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        get(guarded, **bearer(KEY))
        get(guarded, **bearer("an0ther"))
    assert KEY not in caplog.text
    assert "an0ther" not in caplog.text


def test_a_turn_without_a_conversation_belongs_to_its_key(guarded: RunningBackend, model: StubModel) -> None:
    with BackendClient(guarded.url, api_key=KEY) as ada:
        turn = f"{guarded.url}/turns/{ada.ask('Why?').turn_id}"
    bob = {"X-API-Key": "schlüssel".encode()}
    assert requests.get(turn, headers=bearer(KEY), timeout=10).status_code == 200
    assert requests.get(turn, headers=bob, timeout=10).status_code == 404
    assert requests.get(f"{turn}/stream", headers=bob, timeout=10).status_code == 404
    assert requests.post(f"{turn}/cancel", headers=bob, timeout=10).status_code == 404


def test_an_idempotency_key_belongs_to_its_key(guarded: RunningBackend, model: StubModel) -> None:
    before = model.hits
    for key in (KEY.encode(), "schlüssel".encode()):
        headers = {"X-API-Key": key, "Idempotency-Key": "once"}
        body = {"prompt": "Why?", "store": True}
        assert requests.post(f"{guarded.url}/query", json=body, headers=headers, timeout=10).status_code == 200
    assert model.hits == before + 2


def test_ask_and_health_send_backend_api_key(chatapp: Callable[..., Any], guarded: RunningBackend) -> None:
    keyed = {"BACKEND_URL": guarded.url, "BACKEND_API_KEY": KEY}
    asked, healthy = chatapp("ask", "Why?", env=keyed), chatapp("health", env=keyed)
    assert (asked.returncode, asked.stdout.strip()) == (0, "Hello from the stub.")
    assert healthy.returncode == 0, healthy.stdout


def test_ask_with_a_wrong_key_says_what_to_do_and_not_the_key(
    chatapp: Callable[..., Any], guarded: RunningBackend
) -> None:
    done = chatapp("ask", "Why?", env={"BACKEND_URL": guarded.url, "BACKEND_API_KEY": "wr0ng"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "BACKEND_API_KEY" in done.stderr
    assert "wr0ng" not in done.stderr


def test_a_name_can_have_two_keys() -> None:
    keys = KeyRing("ada:old,ada:new")
    assert {keys.principal_of(key).name for key in (b"old", b"new")} == {"ada"}


WRONG = ["s3cret", "me:", ":s3cret", "me", "me:a,s3cret", "a b:s3cret", "/no/such:s3cret", "me:a," + "s3cret" * 1000]


@pytest.mark.parametrize("api_keys", WRONG, ids=range(len(WRONG)))
def test_wrong_keys_are_one_sentence_that_does_not_show_them(api_keys: str) -> None:
    with pytest.raises(SettingsError, match="API_KEYS") as caught:
        KeyRing(api_keys)
    assert "s3cret" not in caught.value.sentence()


@pytest.mark.parametrize("command", ["serve", "up"])
def test_wrong_keys_are_exit_code_2_before_anything_starts(chatapp: Callable[..., Any], command: str) -> None:
    done = chatapp(command, env={"API_KEYS": "me:a,s3cret", "PORT": "1"})
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("chatapp: API_KEYS has an entry that cannot be used. Number 2 must be name:key.")
    assert "s3cret" not in done.stderr


def test_keys_are_compared_by_digests_of_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    monkeypatch.setattr("hmac.compare_digest", lambda *pair: compared.append(pair) or False)
    keys = KeyRing("a:1,b:22,c:333")
    assert [keys.principal_of(key) for key in (b"1", b"22")] == [None, None], "nothing else decides"
    assert {len(digest) for pair in compared for digest in pair} == {64}


def test_the_key_of_a_backend_of_our_own_owns_what_is_kept_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATAPP_OWN_KEY", "own")
    keys = KeyRing("ask:own,ada:a")
    assert [owner and owner.name for key in (b"own", b"a", b"") for owner in [keys.principal_of(key)]] == [
        "",
        "ada",
        None,
    ]


@pytest.mark.parametrize("keys", ["ann:", "ann: ,bob:b", "ann:same,bob:same", "ann:a\nbob:a"])
def test_no_key_and_a_key_of_two_people_are_refused(keys: str) -> None:
    with pytest.raises(SettingsError):
        KeyRing(keys)


def test_a_line_for_each_key_is_as_good_as_commas() -> None:
    principal = KeyRing("ann:a\nbob:b\n").principal_of(b"b")

    assert principal is not None
    assert principal.name == "bob"


def test_who_tries_many_keys_is_not_looked_at_and_known_keys_go_on(run_backend: Callable[..., RunningBackend]) -> None:
    backend = run_backend(api_keys=f"ada:{KEY},bob:other")
    assert get(backend, **bearer(KEY)).status_code == 200

    answers = [get(backend, **bearer(f"guess-{number}")) for number in range(25)]

    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 5
    assert int(answers[-1].headers["Retry-After"]) <= 60
    assert get(backend, **bearer("other")).status_code == 429
    assert get(backend, **bearer(KEY)).status_code == 200


def test_wrong_keys_are_forgotten_after_a_minute_and_other_addresses_have_their_own() -> None:
    now = 0.0
    wrong = WrongKeys(clock=lambda: now)
    for _ in range(20):
        wrong.add("here")
    assert (wrong.wait_s("here"), wrong.wait_s("there")) == (60, 0)

    now = 60.0

    assert wrong.wait_s("here") == 0
