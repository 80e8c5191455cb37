"""The embedded model: its weights, the process that serves it, and what keeps that process running.

For the backend it is a model server like any other: an address, a key and a model's name.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chatapp.errors import LocalModelError, ProcessDiedError
from chatapp.local_model.cache import distrust
from chatapp.local_model.failures import failure
from chatapp.local_model.weights import Weights, find_weights
from chatapp.processes.child import Child, start_child, wait_until_ready
from chatapp.processes.http_probe import is_answering
from chatapp.processes.ports import free_port

if TYPE_CHECKING:
    from chatapp.config.settings import Settings
    from chatapp.providers.connection import Upstream

__all__ = ["KEY_VARIABLE", "LocalModel"]

KEY_VARIABLE = "CHATAPP_MODEL_KEY"
"""How the key travels to the process: its command line could be read by others."""

_HOST = "127.0.0.1"
_READY_WITHIN_S = 60.0
_STEADY_AFTER_S = 60.0
_PAUSES_S = (0, 1, 2, 4, 8, 16, 30)
"""Seconds before it is started again, by how often it has died since it last ran steadily."""

_LOAD_ERROR = re.compile(r"error loading model: (.+)")
_NO_LIBRARY = re.compile(r"(lib\S+): cannot open shared object file")


class LocalModel:
    """The embedded model while it runs, as a child process that is started again whenever it dies.

    `upstream` is what the backend needs to ask it; a new process has the same address and key.
    """

    def __init__(self, weights: Weights, on_line: Callable[[str], object]) -> None:
        self._weights = weights
        self._on_line = on_line
        self._port = free_port()
        self._key = secrets.token_urlsafe(32)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child = self._launched()
        self._supervisor = threading.Thread(target=self._supervise, name="supervises the model", daemon=True)

    @classmethod
    def start(
        cls,
        settings: "Settings",
        *,
        folder: Path | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        on_line: Callable[[str], object] | None = None,
    ) -> Self:
        """Return the model that LOCAL_MODEL names, ready to answer. What has to be fetched first is kept in `folder`.

        `on_progress` gets the bytes fetched so far and in all. `on_line` gets what there is to tell, one line at a
        time and from another thread: the process's own output, and that it died and is started again.

        Raises:
            LocalModelError: it cannot be fetched, loaded or started here.
            SettingsError: LOCAL_MODEL names nothing.
        """
        _require_llama()
        weights = find_weights(settings.local_model, folder=folder, on_progress=on_progress)
        model = cls(weights, on_line or (lambda _line: None))
        try:
            model._wait_until_ready()
        except BaseException:
            model.stop()
            raise
        model._supervisor.start()
        return model

    @property
    def upstream(self) -> "Upstream":
        """The model as a server to be asked."""
        from pydantic import SecretStr  # noqa: PLC0415 - the model's process imports this package too, and needs neither

        from chatapp.providers.connection import ApiKey, Upstream  # noqa: PLC0415

        return Upstream(
            base_url=f"http://{_HOST}:{self._port}/v1",
            model=self._weights.name,
            provider="embedded",
            name="embedded",
            reason="neither BASE_URL nor OPENAI_API_KEY is set, and no model server was found on this machine",
            keys=(ApiKey(SecretStr(self._key)),),
            is_demo=self._weights.is_demo,
            has_one_model=True,
        )

    @property
    def pid(self) -> int:
        """The id of the process that serves the model now."""
        return self._child.pid

    def stop(self) -> None:
        """End the process, for good."""
        with self._lock:
            self._stopping.set()
        self._child.stop()
        if self._supervisor.is_alive():
            self._supervisor.join()

    def _launched(self) -> Child:
        name, path, is_demo = self._weights
        return start_child(
            "embedded model",
            "chatapp.local_model.server",
            [f"--weights={path}", f"--name={name}", f"--port={self._port}", *(["--demo"] if is_demo else [])],
            env={KEY_VARIABLE: self._key},
            on_line=self._on_line,
        )

    def _wait_until_ready(self) -> None:
        try:
            wait_until_ready(self._child, self._is_ready, deadline_s=_READY_WITHIN_S)
        except ProcessDiedError as error:
            distrust(self._weights.path)
            raise self._start_failure(error) from error

    def _start_failure(self, error: ProcessDiedError) -> LocalModelError:
        hint = "Start again to have the file checked." if self._weights.is_demo else "Check LOCAL_MODEL."
        said = "\n".join(self._child.last_lines)
        if library := _NO_LIBRARY.search(said):
            what = f"The embedded model cannot run here: this system has no {library[1]}."
            return failure(what, hint="Install it; on Debian: apt-get install libgomp1.")
        if reason := _LOAD_ERROR.search(said):
            return failure(f"The embedded model cannot be loaded: {reason[1]}.", hint=hint)
        return failure(f"The embedded model cannot be started. {error.sentence()}", hint=hint)

    def _is_ready(self) -> bool:
        return is_answering(_HOST, self._port, "/health")

    def _supervise(self) -> None:
        """Start the process again whenever it dies, until we are told to stop."""
        deaths = 0
        while True:
            began = time.monotonic()
            self._child.wait()
            if self._stopping.is_set():
                return
            deaths = deaths + 1 if time.monotonic() - began < _STEADY_AFTER_S else 0
            pause_s = _PAUSES_S[min(max(deaths - 1, 0), len(_PAUSES_S) - 1)]
            self._on_line(f"The embedded model {self._child.exit_description()}; it is started again{_after(pause_s)}.")
            if self._stopping.wait(pause_s) or not self._relaunch():
                return

    def _relaunch(self) -> bool:
        """Start a new process unless we have been told to stop meanwhile."""
        with self._lock:
            if not self._stopping.is_set():
                self._child = self._launched()
            return not self._stopping.is_set()


def _require_llama() -> None:
    if find_spec("xllamacpp") is None:
        raise failure(
            "The embedded model cannot run here: the package xllamacpp is not installed.",
            hint="Install it with: python -m pip install xllamacpp (it has no build for every platform).",
        )


def _after(pause_s: int) -> str:
    return f" in {pause_s} s" if pause_s else ""
