"""`chatapp ui`: the page, for a backend that runs already."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from chatapp.cli.access import require_keys_beyond_loopback, url_for
from chatapp.cli.terminal import say
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError
from chatapp.frontend.server import streamlit_arguments
from chatapp.processes.child import Child, start_child
from chatapp.processes.descriptors import raise_descriptor_limit
from chatapp.processes.group import ChildGroup
from chatapp.processes.http_probe import is_answering
from chatapp.processes.ports import require_free_ports
from chatapp.processes.signals import until_stopped

START_DEADLINE_S = 60.0


def run(*, backend_url: str | None, host: str | None, port: str | None) -> None:
    """Serve the page until Ctrl-C or SIGTERM."""
    with until_stopped():
        settings = Settings.load(backend_url=backend_url, host=host, ui_port=port)
        require_keys_beyond_loopback(settings)
        require_free_ports(settings.host, UI_PORT=settings.ui_port)
        with ChildGroup() as group:
            page = group.add(start_page(settings))
            group.wait_until_ready(page, lambda: is_page_ready(settings), deadline_s=START_DEADLINE_S)
            say("You can now view the page in your browser.")
            say(f"URL: {page_url(settings)}")
            group.watch()


def start_page(settings: Settings, *, on_line: Callable[[str], object] | None = None) -> Child:
    """Start the page as a child, which reads from its environment what `settings` say."""
    raise_descriptor_limit()  # the page's too: children have what their parent has
    try:
        Path.cwd()
    except FileNotFoundError:
        raise SettingsError("The folder that this was started in is gone.", hint="Start it in another.") from None
    environment = {
        "BACKEND_URL": settings.backend_url,
        "HOST": settings.host,
        "UI_PORT": str(settings.ui_port),
        "USE_STREAMING": str(settings.use_streaming).lower(),
    }
    return start_child("UI", "streamlit", streamlit_arguments(settings), env=environment, on_line=on_line)


def page_url(settings: Settings) -> str:
    """Return the address to type into a browser."""
    return url_for(settings.host, settings.ui_port).replace("//127.0.0.1:", "//localhost:")


def is_page_ready(settings: Settings) -> bool:
    """Return whether the page would be served."""
    host = urlsplit(url_for(settings.host, settings.ui_port)).hostname or ""
    return is_answering(host, settings.ui_port, "/_stcore/health")
