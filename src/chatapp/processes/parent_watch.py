"""The child's side of `child.py`: what lets a process know that its parent has ended, and then end too.

`python -m chatapp.processes.parent_watch PIPE MODULE ARGUMENTS…` runs a module that needs to know nothing about it.
"""

import multiprocessing
import multiprocessing.connection
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

ORPHAN_GRACE_S = 2.0
"""Seconds an orphan may take to stop by itself. Two generations of them stay below five seconds."""


def follow_parent() -> None:
    """End this process when the one that started it by `multiprocessing` has ended; do nothing if there is none."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        _when_over(lambda: multiprocessing.connection.wait([parent.sentinel]))


def _when_over(wait: Callable[[], object]) -> None:
    """End this process once `wait` returns: by SIGTERM, so that it can clean up, and by force if it does not."""

    def follow() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_GRACE_S)
        os._exit(1)

    threading.Thread(target=follow, name="follows its parent", daemon=True).start()


if sys.platform == "win32":
    import msvcrt

    def inheritable_handle(descriptor: int) -> int:
        """Return the number by which a child knows the pipe end `descriptor`."""
        handle = msvcrt.get_osfhandle(descriptor)
        os.set_handle_inheritable(handle, True)
        return handle

    def popen_options(descriptor: int) -> dict[str, Any]:
        """Return the arguments of `subprocess.Popen` that hand `descriptor` on to the child."""
        return {"close_fds": False}

    def _opened(name: int) -> int:
        return msvcrt.open_osfhandle(name, os.O_RDONLY)

else:

    def inheritable_handle(descriptor: int) -> int:
        """Return the number by which a child knows the pipe end `descriptor`."""
        return descriptor

    def popen_options(descriptor: int) -> dict[str, Any]:
        """Return the arguments of `subprocess.Popen` that hand `descriptor` on to the child."""
        return {"pass_fds": (descriptor,)}

    def _opened(name: int) -> int:
        os.set_inheritable(name, False)
        return name


def _run_as_child(pipe: str, module: str, *arguments: str) -> None:
    """Be the child: follow the parent, then run `module` as `python -m module arguments…` would."""
    descriptor = _opened(int(pipe))
    _when_over(lambda: os.read(descriptor, 1))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run_as_child(*sys.argv[1:])
