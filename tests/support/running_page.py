"""The page as its users meet it: a process that serves it."""

from collections.abc import Iterator
from contextlib import contextmanager

from chatapp.cli.ui import is_page_ready, start_page
from chatapp.config.settings import Settings
from chatapp.processes.child import wait_until_ready
from chatapp.processes.ports import free_port


@contextmanager
def running_page(backend_url: str, *, lines: list[str] | None = None) -> Iterator[int]:
    """Return the port of a page in front of the backend at `backend_url`; `lines` gets what its process writes."""
    settings = Settings(backend_url=backend_url, ui_port=free_port(), use_streaming=True)
    page = start_page(settings, on_line=(lines if lines is not None else []).append)
    try:
        wait_until_ready(page, lambda: is_page_ready(settings), deadline_s=90)
        yield settings.ui_port
    finally:
        page.stop()
