"""What `chatapp serve` says beside its log: lines for people, or lines of the log where machines read it."""

import logging
import sys
from collections.abc import Callable
from functools import partial

from chatapp.cli.access import notes_on_connections, notes_on_names, url_for
from chatapp.cli.terminal import StatusLine, is_dumb, say
from chatapp.config import demo_model
from chatapp.config.settings import Settings
from chatapp.providers.connection import Upstream

_MB = 1000 * 1000

log = logging.getLogger(__name__)


def log_early(settings: Settings) -> None:
    """Let what is told before the backend logs be as machines read it, where they do."""
    if settings.log_format == "json":
        from logging.config import dictConfig  # most read themselves

        from chatapp.backend.telemetry.logs import log_config

        dictConfig(log_config(settings))


def tell(settings: Settings, line: str, *, err: bool = True) -> None:
    """Print a line on stderr or stdout, or log it."""
    if settings.log_format == "json":
        log.info("%s", line)
    else:
        say(line, err=err)


class FetchProgress:
    """How far the fetching of the model is: one line that grows on a terminal, one line per tenth elsewhere."""

    def __init__(self, status: StatusLine, tell: Callable[[str], None]) -> None:
        self._status = status
        self._tell = tell
        self._tenths = -1

    def show(self, fetched_bytes: int, all_bytes: int) -> None:
        """Show how much there is."""
        tenths = 10 * fetched_bytes // all_bytes
        line = f"Fetching the embedded model: {fetched_bytes / _MB:.0f} of {all_bytes / _MB:.0f} MB"
        if sys.stderr.isatty() and not is_dumb():
            self._status.show(f"{line} {'━' * (2 * tenths)}{'─' * (20 - 2 * tenths)}")
        elif tenths > self._tenths:
            self._tell(line)
        self._tenths = tenths


def announce(settings: Settings, upstream: Upstream, *, scheme: str) -> None:
    """Say where the backend will be, and which model it asks."""
    tell_out = partial(tell, settings, err=False)
    url = url_for(settings.host, settings.port, scheme=scheme)
    tell_out(f"Backend at {url}, its API described at {url}/docs")
    model = upstream.model
    if settings.is_set("model_name"):
        model = settings.model_name
    elif not upstream.is_model_named:
        model = f"as listed first, or {model}" if model else "as listed first"
    tell_out(f"Model {model} ({upstream.provider}), because {upstream.reason}")
    if upstream.is_demo:
        tell_out(demo_model.ADVICE)
    for note in (*notes_on_names(settings), *notes_on_connections(settings)):
        tell_out(note)
    if settings.log_format == "text":
        tell_out("Press Ctrl-C to quit")
