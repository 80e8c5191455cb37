"""`chatapp serve` makes behind its start what is seldom asked for first; a request for that waits for it."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from chatapp.backend.api import late_routes
from chatapp.backend.api.late_routes import LateRoutes
from chatapp.backend.app import create_app
from chatapp.config.settings import Settings
from chatapp.providers.connection import Upstream
from support.running_backend import RunningBackend
from support.stub_model import StubModel


async def _said(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


async def _ask(router: Router, path: str) -> bytes:
    """Give the body of the answer to a GET."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "server": ("localhost", 80)}
    await router(scope, receive, send)
    return b"".join(message.get("body", b"") for message in said)


def test_only_what_is_not_there_yet_waits_for_routes_that_are_made_once() -> None:
    asyncio.run(_ask_before_the_routes_are_made())


async def _ask_before_the_routes_are_made() -> None:
    may_be_made, made = threading.Event(), 0

    def make() -> list[Route]:
        nonlocal made
        made += 1
        may_be_made.wait(60)
        return [Route("/health", _said), Route("/late", _said)]

    router = Router([Route("/docs", _said)])
    router.routes[:0] = [Route("/health", _said), LateRoutes(router, make, is_busy=lambda: False)]
    waiting = [asyncio.create_task(_ask(router, path)) for path in ("/late", "/late", "/docs")]
    try:
        assert await _ask(router, "/health") == b"/health"
        assert not any(task.done() for task in waiting)
    finally:
        may_be_made.set()

    assert await asyncio.gather(*waiting) == [b"/late", b"/late", b"/docs"]
    assert made == 1
    assert [route.path for route in router.routes if isinstance(route, Route)] == ["/health", "/late", "/docs"]


def test_they_are_made_unasked_once_no_answer_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_routes, "BEHIND_THE_START_S", 0.0)
    is_busy = iter([True, True, False])
    router = Router()
    late = LateRoutes(router, lambda: [Route("/late", _said)], is_busy=lambda: next(is_busy))
    router.routes.append(late)

    asyncio.run(late.prepare_behind())

    assert late not in router.routes
    assert list(is_busy) == []


def test_who_starts_for_a_question_loads_nothing_of_exports_and_imports() -> None:
    program = "import chatapp.backend.app, sys; sys.exit('chatapp.backend.transfer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@pytest.fixture
def apps(stub: StubModel, tmp_path: Path) -> list[Any]:
    upstream = Upstream(base_url=stub.url, model="stub", provider="stub", reason="a test")
    return [
        create_app(Settings(data_dir=tmp_path / name), upstream=upstream, begins_soon=name == "late")
        for name in ("whole", "late")
    ]


def test_the_first_request_of_all_gets_what_it_would_get_later(apps: list[Any]) -> None:
    whole, late = apps
    with RunningBackend(late) as backend:
        described = requests.get(f"{backend.url}/openapi.json", timeout=60).json()
        health = requests.get(f"{backend.url}/health", timeout=60)
        refused = requests.post(f"{backend.url}/health", timeout=60)

    assert described == whole.openapi()
    assert health.json()["status"] == "healthy"
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert [getattr(route, "path", None) for route in late.routes] == [
        getattr(route, "path", None) for route in whole.routes
    ]
