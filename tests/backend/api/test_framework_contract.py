"""Two shortcuts of ours hold what FastAPI and Starlette promise: dependencies run, and middleware sees every byte."""

from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi import Depends
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatapp.backend.app import create_app
from chatapp.config.settings import Settings
from chatapp.providers.connection import Upstream
from support.running_backend import RunningBackend
from support.scripts import answer, silence
from support.stub_model import StubModel


@pytest.fixture
def app(stub: StubModel, tmp_path: Path) -> Any:
    upstream = Upstream(base_url=stub.url, model="stub", provider="stub", reason="a test")
    return create_app(Settings(data_dir=tmp_path / "data"), upstream=upstream)


class Witness:
    """A layer that notes all that a response says."""

    heard: list[bytes]

    def __init__(self, app: ASGIApp, heard: list[bytes]) -> None:
        self._app = app
        self._heard = heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listen(message: Message) -> None:
            self._heard.append(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, listen)


@pytest.mark.parametrize("path", ["/query", "/query/stream"])
def test_a_dependency_added_to_a_question_runs_for_every_question(app: Any, path: str) -> None:
    asked: list[str] = []
    (route,) = [route for route in app.routes if getattr(route, "path", None) == path]
    depends = Depends(lambda: asked.append("yes"))
    route.dependant.dependencies.insert(0, get_parameterless_sub_dependant(depends=depends, path=path))

    with RunningBackend(app) as backend:
        requests.post(f"{backend.url}{path}", json={"prompt": "Why?"}, timeout=10)
        requests.post(f"{backend.url}{path}", json={"prompt": "Why?"}, headers={"Idempotency-Key": "a key"}, timeout=10)

    assert asked == ["yes", "yes"]


@pytest.mark.parametrize("place", [1, None], ids=["between our layers", "innermost"])
def test_a_middleware_inside_ours_sees_the_whole_stream(app: Any, place: int | None) -> None:
    heard: list[bytes] = []
    layers = app.user_middleware
    layers.insert(len(layers) if place is None else place, Middleware(Witness, heard=heard))

    with RunningBackend(app) as backend:
        said = requests.post(f"{backend.url}/query/stream", json={"prompt": "Why?"}, timeout=10)

    assert b"event: done" in said.content
    assert b"".join(heard) == said.content


def test_a_middleware_inside_ours_hears_of_a_client_that_leaves(app: Any, stub: StubModel) -> None:
    heard: list[str] = []

    class Listener(Witness):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def listen() -> Message:
                message = await receive()
                heard.append(message["type"])
                return message

            await self._app(scope, listen, send)

    app.user_middleware.append(Middleware(Listener, heard=[]))
    stub.next(answer("a", silence))
    with RunningBackend(app) as backend:
        said = requests.post(f"{backend.url}/query/stream", json={"prompt": "Why?"}, stream=True, timeout=10)
        call = stub.wait_for_call(1)
        said.close()
        assert call.wait_until_left(timeout_s=1)

    assert "http.disconnect" in heard


def test_a_layer_derived_from_one_that_looks_away_still_sees_everything(app: Any) -> None:
    heard: list[bytes] = []

    class Counting(GZipMiddleware):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await Witness(super().__call__, heard)(scope, receive, send)

    app.user_middleware.append(Middleware(Counting))
    with RunningBackend(app) as backend:
        said = requests.post(f"{backend.url}/query/stream", json={"prompt": "Why?"}, timeout=10)

    assert b"".join(heard) == said.content
