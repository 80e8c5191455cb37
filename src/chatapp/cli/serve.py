"""`chatapp serve`: the backend, and the embedded model if nothing better is configured or found."""

import asyncio
import gc
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from socket import socket
from threading import Thread
from typing import TYPE_CHECKING, Any

import chatapp
from chatapp.cli.access import require_keys_beyond_loopback
from chatapp.cli.announcing import FetchProgress, announce, log_early, tell
from chatapp.cli.terminal import StatusLine
from chatapp.config import environment
from chatapp.config.settings import Settings
from chatapp.errors import LocalModelError, ProcessDiedError, SettingsError
from chatapp.processes.descriptors import raise_descriptor_limit
from chatapp.processes.memory import give_back_what_is_free, give_memory_back
from chatapp.processes.parent_watch import follow_parent
from chatapp.processes.ports import bound_socket
from chatapp.processes.scratch import scratch_folder
from chatapp.processes.signals import (
    as_terminals_end_before,
    end_with_terminal,
    leave_within,
    on_stop_signal,
    until_stopped,
)
from chatapp.providers.connection import Upstream

if TYPE_CHECKING:
    import uvicorn

GRACE_S = 2
"""Seconds that connections get to end by themselves. Answers end at once: see `backend_app`."""

STOP_S = 4.5
"""Seconds after which the process leaves whatever still waits; `chatapp up` kills it after 5."""

GIVE_BACK_EVERY_S = 10.0
"""How often memory that is free goes back to the system."""

WORKER_ANSWERS_IN_S = 30
"""Seconds a worker has for a sign of life: it gives none while it imports, which can take longer than uvicorn's 5."""

WARM_UP_S = 3
"""Seconds after which what is in memory stays: the collector of garbage, a twelfth of all CPU, need not look at it."""

OBJECTS_BETWEEN_LOOKS = 10_000
"""New objects after which it looks for garbage: an answer makes more than Python's 700, which cost it a twentieth."""

log = logging.getLogger(__name__)


def run(
    *,
    host: str | None,
    port: str | None,
    workers: int,
    is_reloading: bool,
    ssl_certfile: str | None,
    ssl_keyfile: str | None,
) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    gc.disable()  # until the backend is made: looking for garbage while modules are loaded, which leave none
    with until_stopped(), ExitStack() as running:
        raise_descriptor_limit()
        settings = Settings.load(host=host, port=port)
        log_early(settings)
        require_keys_beyond_loopback(settings)
        _check_certificate(ssl_certfile, ssl_keyfile)
        listener = running.enter_context(bound_socket(settings.host, settings.port, setting="PORT"))
        upstreams = running.enter_context(chosen_models(settings))
        _require_what_answers_need(settings)
        config = _config(
            settings,
            upstreams,
            workers=1 if is_reloading else workers,
            reload=is_reloading,
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
        )
        if config.workers > 1:
            from chatapp.backend.telemetry.metrics import SHARED_FOLDER

            counts = running.enter_context(scratch_folder("chatapp-metrics-"))
            environment.give_children(SHARED_FOLDER, str(counts))
        announce(settings, upstreams[0], scheme="https" if ssl_certfile else "http")
        _serve(config, listener)


def _check_certificate(certfile: str | None, keyfile: str | None) -> None:
    if certfile is None and keyfile is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile or "", keyfile)
    except OSError as error:
        raise SettingsError(
            f"--ssl-certfile is {certfile or ''!r}: it must be a PEM file with a certificate that fits the key.",
            hint="The key may be in the same file, or in that of --ssl-keyfile.",
        ) from error


def _require_what_answers_need(settings: Settings) -> None:
    """Fail here and once, before anything is announced: each worker would, and be replaced by the next that does."""
    from chatapp.backend.store import Store  # while the model's process loads it has been imported

    Store.open(settings).close()
    if settings.rate_limit is not None:
        from chatapp.backend.access.rate_limit import Limiter

        Limiter.open(settings, settings.rate_limit)


@contextmanager
def chosen_models(settings: Settings) -> Iterator[list[Upstream]]:
    """Return the model server that is configured or found, and the embedded one for as long as the block lasts.

    That runs where there is no other, or where LOCAL_MODEL asks for it; then it comes last.
    """
    from chatapp.providers.detection import choose_upstream  # after the port is taken

    upstream = choose_upstream(settings)
    if upstream is not None and not settings.is_set("local_model"):
        yield [upstream]
    elif upstream is None:
        with _embedded_model(settings) as embedded:
            yield [embedded]
    else:
        with ExitStack() as running:
            others = []
            try:
                embedded = running.enter_context(_embedded_model(settings))
                others.append(replace(embedded, reason="LOCAL_MODEL is set"))
            except LocalModelError as error:
                tell(settings, error.sentence())
            yield [upstream, *others]


@contextmanager
def _embedded_model(settings: Settings) -> Iterator[Upstream]:
    from chatapp.local_model import LocalModel  # only where it is needed

    Thread(target=import_module, args=["chatapp.backend.app"], daemon=True).start()  # while the model's process loads
    status = StatusLine()
    try:
        on_line = partial(tell, settings)
        model = LocalModel.start(settings, on_progress=FetchProgress(status, on_line).show, on_line=on_line)
    finally:
        status.clear()
    try:
        yield model.upstream
    finally:
        model.stop()


def backend_app(settings: Settings, upstreams: Sequence[Upstream]) -> Callable[..., Awaitable[None]]:
    """Return the backend as an ASGI application, in the process and on the event loop that will serve it.

    Uvicorn waits for open connections before it tells the application to stop, and an answer in the making is one. So
    the application hears of the signal itself, and ends its answers at once.
    """
    gc.disable()
    is_all_saved: Callable[[], bool] = bool

    def last_words() -> None:
        if not is_all_saved():  # else it is but a thread that loads what nobody needs any more
            log.error("Left after %g seconds, before everything was saved or closed.", STOP_S)

    end_with_terminal()
    on_stop_signal(partial(leave_within, STOP_S, last_words=last_words))
    from chatapp.backend.app import create_app  # a second that only the process which serves pays

    follow_parent()
    give_memory_back()
    app = create_app(settings, upstream=upstreams[0], others=upstreams[1:], finds_servers=True, begins_soon=True)
    is_all_saved = partial(getattr, app.state, "is_all_saved")
    loop = asyncio.get_running_loop()
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line names them
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    gc.enable()
    loop.call_later(WARM_UP_S, gc.freeze)
    loop.call_later(GIVE_BACK_EVERY_S, _give_back_again, loop)
    on_stop_signal(partial(loop.call_soon_threadsafe, app.state.turns.begin_shutdown))
    return app


def _give_back_again(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # the loop ends, and begins nothing any more
        loop.run_in_executor(None, give_back_what_is_free)
    loop.call_later(GIVE_BACK_EVERY_S, _give_back_again, loop)


def _config(settings: Settings, upstreams: Sequence[Upstream], *, reload: bool, **options: Any) -> "uvicorn.Config":
    import uvicorn  # after the port is taken

    from chatapp.backend.telemetry.logs import log_config
    from chatapp.cli.http_protocol import HttpProtocol

    config = uvicorn.Config(
        partial(backend_app, settings, upstreams),
        factory=True,
        host=settings.host,
        port=settings.port,
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        reload=reload,
        log_config=log_config(settings),
        access_log=False,
        proxy_headers=bool(settings.trusted_proxy),
        forwarded_allow_ips=list(settings.trusted_proxy),
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=WORKER_ANSWERS_IN_S,
        **options,
    )
    config.reload_dirs = [Path(chatapp.__file__).parent]
    return config


def _serve(config: "uvicorn.Config", listener: socket) -> None:
    """Serve in this process, in several, or in one that starts again when the source changes.

    Raises:
        ProcessDiedError: it cannot; the log says why.
    """
    import uvicorn
    from uvicorn.supervisors import ChangeReload, Multiprocess

    server = uvicorn.Server(config)
    if config.reload or config.workers > 1:
        gc.enable()  # other processes make the backend
    if config.reload:
        ChangeReload(config, target=server.run, sockets=[listener]).run()
    elif config.workers > 1:
        with as_terminals_end_before():  # uvicorn takes it for a wish to begin all workers anew
            workers = Multiprocess(config, sockets=[listener])
        workers.run()
    else:
        try:
            server.run(sockets=[listener])
        except SystemExit as error:
            raise ProcessDiedError("The backend could not start.", hint="The log above says why.") from error
