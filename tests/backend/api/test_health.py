"""Whether the backend runs, and whether it could answer."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
import requests

import chatapp
from chatapp.backend.api.store_probe import StoreProbe
from chatapp.backend.store import Store
from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from support import scripts
from support.scripts import PATIENCE_S
from support.stub_model import KEY, StubModel
from support.timing import quickest_s
from support.turn_steps import wait_for


def test_health_is_what_the_guide_says(backend: Any) -> None:
    response = requests.get(f"{backend.url}/health", timeout=5)
    assert response.status_code == 200
    assert response.json() == {"status": "healthy", "service": "llm-query-api", "version": chatapp.__version__}
    assert list(response.json()) == ["status", "service", "version"]


def test_health_answers_head_too(backend: Any) -> None:
    response, got = (ask(f"{backend.url}/health", timeout=5) for ask in (requests.head, requests.get))
    assert (response.status_code, response.content) == (200, b"")
    told = ("Content-Length", "Content-Type")
    assert [response.headers[name] for name in told] == [got.headers[name] for name in told]


def test_the_guide_s_health_check_says_yes(backend: Any) -> None:
    def check_backend_health() -> bool:
        try:
            response = requests.get(f"{backend.url}/health", timeout=30)
            return response.status_code == 200
        except:  # noqa: E722 - the guide's own code
            return False

    assert check_backend_health()


def test_health_asks_nobody(client: BackendClient, stub: StubModel) -> None:
    client.health()
    assert stub.requests == []


def test_health_is_quick_while_the_model_is_silent(client: BackendClient, stub: StubModel) -> None:
    stub.default = scripts.silence
    readers = [threading.Thread(target=_ask_and_leave, args=[client], daemon=True) for _ in range(20)]
    for reader in readers:
        reader.start()
    stub.wait_for_call(20)
    assert quickest_s(client.health, enough_s=0.25) < 0.25


def _ask_and_leave(client: BackendClient) -> None:
    """Wait for an answer that never comes, until the backend stops."""
    try:
        client.ask("Why?")
    except chatapp.errors.ChatappError:
        return


def test_ready_names_the_model_and_the_store(client: BackendClient) -> None:
    body = requests.get(f"{client.base_url}/ready", timeout=5).json()
    assert body["model"] | {"latency_ms": 0} == {
        "ok": True,
        "latency_ms": 0,
        "name": "stub-model",
        "provider": body["model"]["provider"],
        "reason": "BASE_URL is set",
        "is_demo": False,
    }
    assert body["store"]["ok"] is True


def test_ready_is_told_to_python(client: BackendClient) -> None:
    ready = client.ready()
    assert (ready.is_ready, ready.model and ready.model.name, ready.dependencies["store"].ok) == (
        True,
        "stub-model",
        True,
    )


@pytest.mark.parametrize(
    ("listing", "code"),
    [
        (scripts.status(401), "key"),
        (scripts.status(500), "failure"),
        (scripts.silence, "in time"),
        (scripts.reset, "reached"),
        (scripts.html(502), "failure"),
    ],
    ids=["key", "broken", "silent", "gone", "proxy"],
)
def test_ready_says_why_the_model_is_not(
    listing: scripts.Script, code: str, run_backend: Callable[..., Any], stub: StubModel
) -> None:
    stub.listing = listing
    response = requests.get(f"{run_backend(connect_timeout=0.3).url}/ready", timeout=5)
    model = response.json()["model"]
    assert response.status_code == 503
    assert model["ok"] is False
    assert code in model["detail"]
    assert model["hint"]
    assert KEY not in response.text


def test_not_ready_while_nobody_listens(run_backend: Callable[..., Any]) -> None:
    with scripts.closed_port() as url:
        backend = run_backend(base_url=url)
        assert backend.client.ready().model.ok is False
        assert backend.client.health().status == "healthy"


@pytest.fixture
def frozen(postgres_url: str) -> Callable[[], AbstractContextManager[None]]:
    """A function that freezes PostgreSQL, all its processes, for as long as a block lasts."""
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]
    server = psutil.Process(int(Path(folder, "postmaster.pid").read_text(encoding="utf-8").split()[0]))

    @contextmanager
    def freeze() -> Iterator[None]:
        processes = [server, *server.children()]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    return freeze


def test_ready_says_in_time_that_a_frozen_database_does_not_answer(
    run_backend: Callable[..., Any], postgres_url: str, frozen: Callable[[], AbstractContextManager[None]]
) -> None:
    backend = run_backend(database_url=postgres_url)
    assert backend.client.ready().is_ready
    threads = threading.active_count()
    with frozen():
        for _ in range(2):
            began = time.monotonic()
            store = backend.client.ready().dependencies["store"]
            assert time.monotonic() - began < 5
            assert (store.ok, "does not answer" in str(store.detail)) == (False, True)
        assert threading.active_count() <= threads + 1
        assert backend.client.ask("Why?").answer
    wait_for(lambda: backend.client.ready().is_ready, timeout_s=30)


def test_who_asks_while_another_gets_the_store_s_sign_of_life_spoils_it_for_nobody(tmp_path: Path) -> None:
    store = Store.open(Settings(data_dir=tmp_path))

    async def ask_until_the_first_has_it() -> asyncio.Task[None]:
        probe = StoreProbe(store)
        asked = [asyncio.create_task(probe.ask())]
        while not asked[0].done():
            asked.append(asyncio.create_task(probe.ask()))
            await asyncio.sleep(0)
        await asyncio.gather(*asked, return_exceptions=True)
        return asked[0]

    assert asyncio.run(ask_until_the_first_has_it()).exception() is None
    store.close()


@pytest.mark.parametrize("path", ["/health", "/ready", "/query", "/nowhere"])
def test_every_response_has_a_request_id(path: str, backend: Any) -> None:
    assert len(requests.get(backend.url + path, timeout=5).headers["X-Request-ID"]) >= 16


def test_a_request_id_of_the_caller_is_kept(backend: Any) -> None:
    response = requests.get(f"{backend.url}/nowhere", headers={"X-Request-ID": "mine-1"}, timeout=5)
    assert response.headers["X-Request-ID"] == response.json()["request_id"] == "mine-1"


@pytest.mark.parametrize("offered", ["a b", "x" * 200, "<script>", ""])
def test_a_request_id_that_is_none_is_replaced(offered: str, backend: Any) -> None:
    response = requests.get(f"{backend.url}/nowhere", headers={"X-Request-ID": offered}, timeout=5)
    assert response.headers["X-Request-ID"] not in {offered, ""}


def test_the_api_describes_itself(backend: Any) -> None:
    for page, name in (("docs", "swagger"), ("redoc", "redoc")):
        shown = requests.get(f"{backend.url}/{page}", timeout=PATIENCE_S).text
        assert name in shown.lower()
        assert "/openapi.json" not in shown  # it is beside the page, whatever path a proxy puts before both
    paths = requests.get(f"{backend.url}/openapi.json", timeout=PATIENCE_S).json()["paths"]
    assert {"/health", "/ready", "/query", "/query/stream"} <= set(paths)
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation.get("summary"), f"{method} {path} has no summary"
            assert operation.get("description"), f"{method} {path} has no description"
