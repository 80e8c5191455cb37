"""Commands of ours that go on running, and what they leave behind."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import psutil
import requests

from chatapp.processes.ports import free_port

SCRIPT = str(Path(sys.executable).with_name("chatapp"))
START_S = 90.0
"""Generous: the machine may be busy with other tests."""


class Command:
    """`chatapp` with `arguments`, running until the block is left. `lines` is what it has written so far."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._popen = psutil.Popen(
            [SCRIPT, *arguments],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        family = [self._popen, *self.descendants()] if self._popen.is_running() else []
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self._popen.wait(30)
        self._reader.join(30)
        self._popen.stdout.close()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def limit_descriptors(self, number: int) -> None:
        """Let the running process have no more than `number` open; Linux alone can."""
        self._popen.rlimit(psutil.RLIMIT_NOFILE, (number, number))

    def descriptors(self) -> int:
        """Return how many files and connections the running process has open."""
        return int(self._popen.num_fds())

    def descendants(self) -> list[psutil.Process]:
        """Return all processes it has started, and those that they have."""
        return self._popen.children(recursive=True)

    def descendant(self, *words: str) -> psutil.Process:
        """Return the one descendant whose command line holds all `words`."""
        found = [process for process in self.descendants() if set(words) <= set(process.cmdline())]
        assert len(found) == 1, (words, [process.cmdline() for process in self.descendants()])
        return found[0]

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def wait(self, timeout_s: float = 30) -> int:
        """Wait for its end and give the exit code."""
        code: int = self._popen.wait(timeout_s)
        self._reader.join(30)
        return code

    def wait_until(self, holds: Callable[[], object], *, within_s: float = START_S) -> None:
        """Wait until `holds()` is true; fail if the command ends before."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert self._popen.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def wait_until_said(self, words: str) -> None:
        self.wait_until(lambda: any(words in line for line in self.lines))

    def _read(self) -> None:
        for line in self._popen.stdout:
            self.lines.append(line.rstrip("\n"))


class Serving(Command):
    """`chatapp serve` at `url`, healthy."""

    def __init__(self, *options: str, env: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__("serve", "--port", str(self.port), *options, env=env)

    def __enter__(self) -> Self:
        self.wait_until(lambda: is_healthy(self.url))
        return self


def is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=2).ok
    except requests.RequestException:
        return False


def somebody_listens_on(port: int) -> bool:
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in psutil.net_connections("tcp")
    )


def left_after(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Return those of `processes` that still run after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    left = list(processes)
    while (left := [process for process in left if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _runs(process: psutil.Process) -> bool:
    """Return whether it does something. An orphan that has ended stays a zombie where nobody asks for its exit code."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
