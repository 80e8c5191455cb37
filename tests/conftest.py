"""What every test can ask for: a model server, a backend in front of it, its client, and the console script."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from support.stub_model import StubModel

_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
_OURS = {name.upper() for name in Settings.model_fields} | {"OPENAI_BASE_URL"}


def pytest_xdist_auto_num_workers() -> int:
    """Return how many run tests side by side: more than there are cores, as a test waits a third of its time."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return who runs what: each worker a row of files, whoever is done takes half of another's rest.

    Dealt out in small lots, a file's tests would come to all workers, and each would start its browser and its page.
    """
    from xdist.scheduler import WorkStealingScheduling  # noqa: PLC0415 - there where tests run side by side

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what collecting makes alone: all of it lives as long as the tests, and to look at it takes seconds."""
    gc.disable()
    outcome = yield
    gc.enable()
    return outcome


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() not in _OURS | _PROXIES and not name.startswith(("XDG_", "STREAMLIT_", "CREDENTIALS_"))
    }
    home = folder / "home"
    home.mkdir()
    with (
        chdir(folder),
        mock.patch.dict(os.environ, {**kept, "HOME": str(home), "USERPROFILE": str(home)}, clear=True),
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_from_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no setting, proxy, `.env` file, folder or ignored signal of whoever runs the tests change their outcome."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `nohup` and `&` let commands of ours ignore these
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with _alone_in(tmp_path_factory.mktemp("session")):
        yield


@pytest.fixture(autouse=True)
def nothing_from_other_tests(tmp_path: Path) -> Iterator[None]:
    """Let no variable or file that another test has set change the outcome of this one."""
    with _alone_in(tmp_path):
        yield


@pytest.fixture
def shared_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache folder of whoever runs the tests, for what is too large to fetch for every test."""
    monkeypatch.setenv("XDG_CACHE_HOME", _CACHE)


@pytest.fixture
def stub() -> Iterator[StubModel]:
    """A model server that answers well until it is told otherwise."""
    with StubModel() as server:
        yield server


@pytest.fixture
def run_backend(stub: StubModel, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """A function that starts the real backend in front of `stub`, with any settings: `run_backend(gap_timeout=0.2)`."""
    from support.running_backend import backend_before  # noqa: PLC0415 - a second that other tests need not pay

    with ExitStack() as running:
        yield lambda **settings: running.enter_context(backend_before(stub, tmp_path / "data", **settings))


@pytest.fixture
def backend(run_backend: Callable[..., Any]) -> Any:
    """The real backend in front of `stub`."""
    return run_backend()


@pytest.fixture
def client(backend: Any) -> BackendClient:
    """A client of `backend`."""
    return backend.client


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `localhost` that nobody has signed; its key is in the same file."""
    openssl = shutil.which("openssl") or pytest.skip("makes the certificate")
    file = tmp_path / "certificate.pem"
    new = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{file}.key", "-out", str(file), "-subj", "/CN=localhost"]
    subprocess.run([openssl, "req", "-x509", *new, "-addext", "subjectAltName=DNS:localhost"], check=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.key").read_bytes())
    return file


@pytest.fixture
def chatapp() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs the console script to its end: `chatapp("ask", "Why?", stdin="…", env={…})`."""
    script = Path(sys.executable).with_name("chatapp")

    def run(
        *arguments: str, stdin: str | None = None, env: dict[str, str] | None = None, timeout_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env={**os.environ, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def model() -> Iterator[StubModel]:
    """A model server for all tests of a file, for those that leave nothing behind."""
    with StubModel() as server:
        yield server


@pytest.fixture(scope="module")
def shared(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A backend in front of `model`, for all tests of a file."""
    from support.running_backend import backend_before  # noqa: PLC0415 - a second that other tests need not pay

    with backend_before(model, tmp_path_factory.mktemp("data")) as backend:
        yield backend


@pytest.fixture(scope="module")
def page_port(shared: Any) -> Iterator[int]:
    """The port of a page in front of `shared`, for all tests of a file."""
    from support.running_page import running_page  # noqa: PLC0415 - a second that other tests need not pay

    with running_page(shared.url) as port:
        yield port


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser for all tests: to start one and to warm it up takes as long as five of them."""
    from support.browsing import running_browser  # noqa: PLC0415 - selenium may be missing

    with running_browser(tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads")) as browser:
        yield browser


@pytest.fixture(scope="module")
def browser(one_browser: Any) -> Iterator[Any]:
    """A browser for all tests of a file. What they leave in it is gone then; what a page keeps is of its port alone."""
    yield one_browser
    one_browser.delete_all_cookies()
    one_browser.get("about:blank")
    for log in ("performance", "browser"):
        one_browser.get_log(log)


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function that opens the page in a new session, in front of the backend at `url`; `query` is in its address."""
    import streamlit as st  # noqa: PLC0415 - a second that other tests need not pay

    from support.pages import opened_page  # noqa: PLC0415

    def open_page(url: str, *, query: dict[str, str] | None = None, **settings: str) -> Any:
        st.cache_data.clear()
        for name, value in {"BACKEND_URL": url, "USE_STREAMING": "true", **settings}.items():
            monkeypatch.setenv(name, value)
        return opened_page(query=query)

    return open_page
