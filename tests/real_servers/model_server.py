"""A model server of somebody else while it runs: started, asked whether it is ready, killed."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
import requests

from chatapp.processes.ports import free_port

KEY = "sk-real-servers"
MODEL = "smollm2"
WINDOW = 2048
READY_WITHIN_S = 900
"""vLLM takes four minutes on a machine whose cores are busy."""


@dataclass(frozen=True)
class Place:
    """What a command line needs to know: where to listen, which weights to load, whom to ask instead."""

    port: int
    weights: Path
    folder: Path
    behind: str | None = None


@dataclass(frozen=True)
class Kind:
    """One row: how a server is started, and in what it differs by design from one that takes what we send.

    `behind` is the server that it passes questions on to. One that refuses nothing that is too long has to be told by
    CONTEXT_TOKENS: no client can know its window.
    """

    name: str
    command: Callable[[Place], list[str]]
    model: str = MODEL
    behind: "Kind | None" = None
    has_keys: bool = True
    refuses_what_is_too_long: bool = True
    takes_any_model: bool = False
    has_one_answer_at_a_time: bool = False
    ends_at_stop_texts: bool = True


class ModelServer:
    """A server of `kind`, running until the block is left. It can be killed, and started again at the same address."""

    def __init__(self, kind: Kind, *, weights: Path, folder: Path) -> None:
        self.kind = kind
        self._behind = ModelServer(kind.behind, weights=weights, folder=folder) if kind.behind else None
        self._place = Place(free_port(), weights, folder, self._behind.url if self._behind else None)
        self._process: psutil.Popen | None = None
        self._output = folder / f"{kind.name}-{self._place.port}.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._place.port}/v1"

    @property
    def maker(self) -> "ModelServer":
        """The server that makes the answers: the one behind it where there is one."""
        return self._behind or self

    def __enter__(self) -> Self:
        self.start()
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._behind:
            self._behind.kill()

    def start(self) -> None:
        """Start the process and return at once; what it passes questions on to is made ready first."""
        if self._behind:
            self._behind.__enter__()
        command = self.kind.command(self._place)
        with self._output.open("ab") as output:
            self._process = psutil.Popen(
                command, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.is_ready():
            assert self._process is not None
            assert self._process.poll() is None, self._last_output()
            assert time.monotonic() < deadline, self._last_output()
            time.sleep(0.2)

    def is_ready(self) -> bool:
        """Return whether it lists its models for who has the key."""
        try:
            return requests.get(f"{self.url}/models", headers={"Authorization": f"Bearer {KEY}"}, timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """End it and all it has started without a word, as the system does when memory is short."""
        for process in self._family():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        if self._process:
            self._process.wait(30)

    def cpu_seconds(self) -> float:
        """Return what it has computed so far, all its processes together, in seconds."""
        times = [process.cpu_times() for process in self._family()]
        return sum(time.user + time.system for time in times)

    def wanted_seconds(self) -> float:
        """Return what it has computed, and how long it was ready to and did not get to it, as others were at work."""
        return self.cpu_seconds() + sum(map(_waited_seconds, self._family()))

    def _family(self) -> list[psutil.Process]:
        if self._process is None or not self._process.is_running():
            return []
        return [self._process, *self._process.children(recursive=True)]

    def _last_output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")[-3000:]


def _waited_seconds(process: psutil.Process) -> float:
    """Return how long all threads of a process have waited for a processor; nothing where the system does not say."""
    waited_ns = 0
    for told in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
        try:
            waited_ns += int(told.read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
    return waited_ns / 1e9


def _environment() -> dict[str, str]:
    """Return our environment, and nothing that leads out of this machine."""
    return {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
    }
