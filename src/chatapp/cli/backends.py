"""The backend that `ask` and `health` talk to, without the second that reading all settings would cost."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from chatapp.cli.parameters import DEFAULT_BACKEND_URL
from chatapp.cli.terminal import StatusLine
from chatapp.client import BackendClient
from chatapp.config import environment
from chatapp.errors import BackendUnreachableError, ChatappError, SettingsError, StoreUnavailableError

if TYPE_CHECKING:
    from chatapp.processes.child import Child

Result = TypeVar("Result")

DEFAULT_TIMEOUT_S = 30.0
_NO_MODEL_URL = "http://127.0.0.1:9/v1"
"""Keeps a backend that only reads conversations from starting a model; nothing is asked there."""

START_DEADLINE_S = 600.0
"""Seconds a backend may take to start; the first time it fetches the embedded model over whatever line there is."""


def connect(backend_url: str | None) -> BackendClient:
    """Return a client of the backend at `backend_url`, or where one is by default."""
    return BackendClient(
        backend_url or DEFAULT_BACKEND_URL,
        timeout_s=_request_timeout_s(),
        api_key=environment.secret("BACKEND_API_KEY"),
        surface="shell",
    )


def _request_timeout_s() -> float:
    text = environment.value("REQUEST_TIMEOUT")
    try:
        seconds = float(text) if text else DEFAULT_TIMEOUT_S
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise SettingsError(f"REQUEST_TIMEOUT is {text!r}: it must be a number of seconds greater than 0.")
    return seconds


def with_backend(
    act: Callable[[BackendClient], Result],
    backend_url: str | None,
    *,
    status: StatusLine | None = None,
    is_stored: bool = True,
    asks: bool = True,
) -> Result:
    """Return what `act` makes of the backend that is configured, or runs here, or is started for this call."""
    status = status or StatusLine()
    try:
        with connect(backend_url) as backend:
            return act(backend)
    except BackendUnreachableError:
        if backend_url is not None:
            raise
        status.show("No backend is running; starting one …")
        with temporary_backend(is_stored=is_stored, asks=asks, on_line=status.show) as backend:
            return act(backend)
    finally:
        status.clear()


def why_nothing_is_stored() -> str | None:
    """Return why a backend of ours that could not start can store nothing, None where that was not the reason."""
    from chatapp.backend.store import Store  # a second that only a failure pays
    from chatapp.config.settings import Settings

    try:
        Store.open(Settings.load()).close()
    except StoreUnavailableError as error:
        return error.sentence()
    except ChatappError:  # it has said so itself
        return None
    return None


@contextmanager
def temporary_backend(
    *, is_stored: bool, on_line: Callable[[str], object], asks: bool = True
) -> Iterator[BackendClient]:
    """Return a client of a backend of our own, on a free port of this machine and with a key that only we have.

    Unless what is said is to be stored, it does without the user's data folder, and unless it `asks`, without a model.
    `on_line` gets what it writes while it starts.
    """
    import secrets  # only for the rare question without a backend
    from tempfile import TemporaryDirectory

    from chatapp.processes.child import wait_until_ready
    from chatapp.processes.ports import free_port

    is_starting = True

    def tell(line: str) -> None:
        if is_starting:
            on_line(line)

    port, key = free_port(), secrets.token_urlsafe(32)
    with TemporaryDirectory(prefix="chatapp-") as folder:
        store = {} if is_stored else {"DATA_DIR": folder, "DATABASE_URL": ""}
        model = {} if asks else {"BASE_URL": _NO_MODEL_URL}
        ours = {"API_KEYS": f"ask:{key}", "CHATAPP_OWN_KEY": key, "LOG_FORMAT": "text"}
        variables = {**ours, **store, **model}
        child = start_backend("127.0.0.1", port, on_line=tell, **variables)
        try:
            url, timeout_s = f"http://127.0.0.1:{port}", _request_timeout_s()
            with BackendClient(url, timeout_s=timeout_s, api_key=key, surface="shell") as client:
                wait_until_ready(child, lambda: is_healthy(client), deadline_s=START_DEADLINE_S)
                is_starting = False
                yield client
        finally:
            child.stop()


def start_backend(host: str, port: int, *, on_line: Callable[[str], object], **variables: str) -> "Child":
    """Start `chatapp serve` as a child. What the user set for that command, such as https, is not for how we use it."""
    from chatapp.processes.child import start_child

    env = {**environment.emptied("CHATAPP_SERVE_"), **variables}
    return start_child("backend", "chatapp", ["serve", "--host", host, "--port", str(port)], env=env, on_line=on_line)


def is_healthy(client: BackendClient) -> bool:
    """Return whether a backend answers."""
    try:
        return client.health().status == "healthy"
    except ChatappError:
        return False
