"""`chatapp up`: backend and page as two children that live and die together, and one panel that says where they are."""

import secrets
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress

import typer

from chatapp.cli.access import require_keys_beyond_loopback, url_for
from chatapp.cli.backends import START_DEADLINE_S, is_healthy, start_backend
from chatapp.cli.model_lines import default_line
from chatapp.cli.terminal import is_terminal, say
from chatapp.cli.ui import is_page_ready, page_url, start_page
from chatapp.client import BackendClient
from chatapp.config import demo_model, environment
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError
from chatapp.processes.group import ChildGroup
from chatapp.processes.ports import require_free_ports
from chatapp.processes.signals import until_stopped
from chatapp.protocol.resources import DependencyInfo
from chatapp.protocol.schemas.status import WAIT

PAGE_DEADLINE_S = 120.0
POLL_TIMEOUT_S = 10.0
POLL_S = 0.2
KNOWN_WITHIN_S = 10.0

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def run(*, host: str | None, port: str | None, ui_port: str | None, no_browser: bool) -> None:
    """Run everything until Ctrl-C or SIGTERM."""
    with until_stopped():
        settings = _settings(host=host, port=port, ui_port=ui_port)
        require_keys_beyond_loopback(settings)
        require_free_ports(settings.host, PORT=settings.port, UI_PORT=settings.ui_port)
        key = secrets.token_urlsafe(32)
        backend = BackendClient(settings.backend_url, timeout_s=POLL_TIMEOUT_S, api_key=key)
        with ChildGroup() as group, backend:
            _start(group, settings, backend, key)
            _show_panel(_facts(settings, backend))
            if not no_browser and _has_browser():
                webbrowser.open(page_url(settings))
            group.watch()


def _settings(**options: str | None) -> Settings:
    """Return the settings with what only `up` knows: where the backend will be, and that answers are to be streamed."""
    settings = Settings.load(**options)
    streams = settings.use_streaming or not settings.is_set("use_streaming")
    return settings.model_copy(update={"backend_url": url_for(settings.host, settings.port), "use_streaming": streams})


def _start(group: ChildGroup, settings: Settings, backend: BackendClient, key: str) -> None:
    """Start both halves and wait until they answer. The backend starts the embedded model where there is one.

    `key` is ours alone: it lets us ask for the model that was chosen, also where API_KEYS is set.
    """
    log = _Log(is_colored=is_terminal())
    serving = group.add(
        start_backend(settings.host, settings.port, on_line=log.of("backend", "cyan"), CHATAPP_OWN_KEY=key)
    )
    page = group.add(start_page(settings, on_line=log.of("UI", "magenta")))
    group.wait_until_ready(serving, lambda: is_healthy(backend), deadline_s=START_DEADLINE_S)
    group.wait_until_ready(page, lambda: is_page_ready(settings), deadline_s=PAGE_DEADLINE_S)


class _Log:
    """The children's lines on our stdout, whole and with the name of the child before them."""

    def __init__(self, *, is_colored: bool) -> None:
        self._is_colored = is_colored
        self._lock = threading.Lock()
        self._has_reader = True

    def of(self, name: str, color: str) -> Callable[[str], None]:
        """Return the function that takes the lines of the child `name`."""
        prefix = f"{name:<7} | "
        if self._is_colored:
            prefix = typer.style(prefix, fg=color)

        def write(line: str) -> None:
            with self._lock:
                self._write(prefix + line)

        return write

    def _write(self, line: str) -> None:
        if self._has_reader:
            try:
                typer.echo(line)
            except OSError:
                self._has_reader = False  # a closed pipe is no reason to stop


def _facts(settings: Settings, backend: BackendClient) -> dict[str, str]:
    return {
        "Page": page_url(settings),
        "Backend": f"{settings.backend_url}, its API at {settings.backend_url}/docs",
        **facts_of_model(backend),
        "Stop": "Ctrl-C",
    }


def facts_of_model(backend: BackendClient, *, within_s: float = KNOWN_WITHIN_S) -> dict[str, str]:
    """Return the model and why it was chosen; `within_s` is how long a backend that is slow is asked for it."""
    model = _model_as_known(backend, within_s)
    if model is None:
        return {"Model": "not told yet, as the backend is slow. `chatapp health` asks it again"}
    facts = {"Model": default_line(model)}
    if model.is_demo:
        facts["Note"] = demo_model.ADVICE
    if not model.ok:
        facts["Problem"] = " ".join(filter(None, (model.detail, model.hint)))
    return facts


def _model_as_known(backend: BackendClient, within_s: float) -> DependencyInfo | None:
    """Return how the model is; while it or the backend does not answer it is asked again, as it may only be slow."""
    deadline = time.monotonic() + within_s
    model = None
    while True:
        with suppress(ChatappError):
            model = backend.ready().model
        if (model and not (model.hint or "").startswith(WAIT)) or time.monotonic() > deadline:
            return model
        time.sleep(POLL_S)


def _show_panel(facts: dict[str, str]) -> None:
    if not is_terminal():
        for name, fact in facts.items():
            say(f"{name:<8} {fact}")
        return
    from rich.console import Console  # only where it is seen
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        table.add_row(f"[dim]{name}[/dim]", Text(fact))
    Console().print(Panel.fit(table, title="chatapp", border_style="cyan", padding=(1, 2)))


def _has_browser() -> bool:
    """Return whether a window could open: the browsers of a bare terminal would take it from us."""
    has_display = sys.platform in {"darwin", "win32"} or any(map(environment.is_set, _DISPLAYS))
    return has_display and sys.stdout.isatty()
