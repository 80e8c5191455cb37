"""The backend put together: settings, model, middleware, routes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Scope

import chatapp
from chatapp.backend.access.api_keys import KeyRing
from chatapp.backend.access.authentication import KeyCheck
from chatapp.backend.access.hosts import HostCheck
from chatapp.backend.access.origins import OriginCheck
from chatapp.backend.api.late_routes import LateRoutes
from chatapp.backend.api.routers import ASKED_FIRST, all_routers
from chatapp.backend.api.store_probe import StoreProbe
from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.attachments.project_desk import ProjectDesk
from chatapp.backend.attachments.project_wording import ProjectWording
from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.gateway.hashed import HashedBeginnings
from chatapp.backend.http.compression import AnswerCompression
from chatapp.backend.http.errors import EXCEPTION_HANDLERS
from chatapp.backend.http.uploads import UploadSizes, remove_abandoned_files
from chatapp.backend.models.chat_model import ChatModel
from chatapp.backend.models.openai.model import OpenAIModel
from chatapp.backend.models.pool import ConnectionPool
from chatapp.backend.models.router import Router
from chatapp.backend.store import Store
from chatapp.backend.tasks import background
from chatapp.backend.telemetry.metrics import Metrics
from chatapp.backend.telemetry.requests import Served, Telemetry
from chatapp.backend.telemetry.traces import Traces
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.backend.turns.summariser import Summariser
from chatapp.backend.usage.budgets import Budgets
from chatapp.backend.usage.journal import Journal
from chatapp.backend.usage.ledger import Ledger
from chatapp.backend.usage.left_behind import LeftBehind
from chatapp.backend.usage.pricing import Pricer
from chatapp.config.budgets import parse_budgets
from chatapp.config.connections import connections_file
from chatapp.config.connections_watch import ConnectionsWatch
from chatapp.config.settings import Settings
from chatapp.providers.connection import DEFAULT, Upstream, configured_upstream, fallback_upstream
from chatapp.providers.detection import find_local_servers
from chatapp.providers.token_estimates import estimated_text_tokens

MAX_THREADS = 32
"""For what blocks, which is the store: while another process writes, each question waits in a thread of its own. By
default there are four more than processors, and `/ready` would wait behind the questions."""

_TRACING_SDK = "opentelemetry.sdk"
"""Who traces a process has loaded it before. Without it FastAPI finds out again for each request that nobody does."""


def create_app(
    settings: Settings | None = None,
    *,
    upstream: Upstream | None = None,
    others: Sequence[Upstream] = (),
    finds_servers: bool = False,
    model: ChatModel | None = None,
    store: Store | None = None,
    begins_soon: bool = False,
) -> FastAPI:
    """Return the backend as an ASGI application.

    `settings` are the process's own unless given, `upstream` is what they name, and `others` can be asked beside it,
    as can the servers of this machine if it `finds_servers`. `model` is asked instead of all of them, and `store` is
    used instead of the one in DATA_DIR. One that `begins_soon` makes behind the start what is seldom asked for first.

    Raises:
        SettingsError: a setting, or the file of connections, has a wrong value.
        StoreTooNewError: the conversations were written by a newer version.
        StoreUnavailableError: the conversations cannot be opened.
    """
    settings = settings or Settings.load()
    app = _application(settings)
    router = None if model else _router(settings, [*filter(None, [upstream]), *others], finds_servers)
    app.state.model, app.state.store = model or router, store or Store.open(settings)
    _furnish(app.state, router.upstreams if router else dict)
    _add_routes(app, are_late=begins_soon)
    return app


def _application(settings: Settings) -> FastAPI:
    """Return what answers requests by the parts that are added to its state, which has settings, metrics and keys."""
    keys = KeyRing(settings.api_keys.get_secret_value()) if settings.api_keys else None
    metrics = Metrics(
        active_turns=lambda: app.state.turns.active_count,
        ask_store=lambda: app.state.store_probe.ask(),  # noqa: PLW0108 - it is made later
    )

    def begin_trace(scope: Scope) -> None:
        if app.state.traces is not None:
            app.state.traces.begin(scope)

    app = FastAPI(
        title="chatapp",
        description="Ask a language model, whole answers or streamed.",
        version=chatapp.__version__,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(settings, keys, begin_trace, metrics.request_served),
        redirect_slashes=False,  # the redirect would be built from the Host header
        telemetry=None if _TRACING_SDK in sys.modules else {"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings, app.state.metrics, app.state.keys = settings, metrics, keys
    app.state.is_all_saved = False
    for kind, handler in EXCEPTION_HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


def _add_routes(app: FastAPI, *, are_late: bool) -> None:
    """Add all routes to `app`, or those that are asked first, and what stands for the others until they are made."""
    app.state.late_routes = None
    if are_late:
        late = LateRoutes(app.router, partial(_routes, app.state), is_busy=lambda: app.state.turns.active_count > 0)
        app.router.routes[:0] = [route for router in ASKED_FIRST for route in router.routes] + [late]
        app.state.late_routes = late
    else:
        app.router.routes[:0] = _routes(app.state)


def _routes(state: State) -> list[BaseRoute]:
    """Return all routes, those that are asked most first, as they are tried in turn; `state` has then what they need.

    `include_router` makes each of them a second time.
    """
    from chatapp.backend.api.transfer_parts import add_desks  # noqa: PLC0415 - see `LateRoutes`
    from chatapp.backend.gateway.routes import router as gateway  # noqa: PLC0415

    add_desks(state)
    questions, *others = all_routers()
    return [route for router in (questions, gateway, *others) for route in router.routes]


def _furnish(state: State, upstreams: Callable[[], Mapping[str, Upstream]]) -> None:
    """Add to `state`, which has settings, keys, model, metrics and store, what is built on these."""
    settings, store = state.settings, state.store
    state.pricer = pricer = Pricer(upstreams)
    state.traces = Traces.of_environment(upstreams)
    state.store_probe = StoreProbe(store)
    state.ledger = _ledger(settings, store, pricer, state.metrics)
    state.budgets = _budgets(settings, state.keys, store, pricer, state.ledger)
    state.observers = [*filter(None, [state.ledger, state.metrics, state.traces])]
    state.turns = TurnRegistry(
        state.model,
        settings,
        store,
        observers=state.observers,
        pricer=pricer,
        gate=state.budgets,
        wording=_wording(store),
        on_end=state.traces.turn_ended if state.traces else None,
    )
    state.summariser = Summariser(state.turns, store, state.model)
    state.attachment_desk = AttachmentDesk(store.attachments, quota_bytes=settings.attachment_quota_bytes)
    state.project_desk = ProjectDesk(
        state.attachment_desk,
        attachments=store.attachments,
        projects=store.projects,
        files=store.project_files,
        estimate=estimated_text_tokens,
    )
    state.upload_sizes, state.hashed_beginnings = UploadSizes(), HashedBeginnings()
    state.transfer_desks = []


def _ledger(settings: Settings, store: Store, pricer: Pricer, metrics: Metrics) -> Ledger:
    """Return the ledger, with a journal where files can be locked."""
    if os.name == "nt":
        return Ledger(store.model_calls)
    folder = settings.data_dir / "calls"
    left_behind = LeftBehind(folder, store.reservations, pricer)
    return Ledger(store.model_calls, Journal(folder), left_behind=left_behind, on_lost=metrics.model_called)


def _wording(store: Store) -> AttachmentWording:
    """Return what words files for models: those of questions and those of projects."""
    projects = ProjectWording(store.project_files, store.attachments, estimate=estimated_text_tokens)
    return AttachmentWording(store.attachments, estimate=estimated_text_tokens, projects=projects)


def _router(settings: Settings, given: Sequence[Upstream], finds_servers: bool) -> Router:
    """Return the way to all connections.

    Raises:
        SettingsError: the file of connections says what cannot be.
    """
    configured = configured_upstream(settings)
    pool = ConnectionPool(
        lambda upstream: OpenAIModel(upstream, settings),
        named=[each for each in given if each.name == DEFAULT] or ([configured] if configured else []),
        given=[each for each in given if each.name != DEFAULT],
        fallback=fallback_upstream(settings),
        watch=ConnectionsWatch(connections_file(settings)),
        find=find_local_servers if finds_servers else None,
    )
    if pool.fault is not None:
        raise pool.fault
    return Router(pool, default=settings.model_name if settings.is_set("model_name") else None)


def _budgets(settings: Settings, keys: KeyRing | None, store: Store, pricer: Pricer, ledger: Ledger) -> Budgets | None:
    """Return what holds the budgets of the settings, and those of the file of keys, which come and go."""
    fixed = parse_budgets(settings.budgets or "")
    if keys is not None and keys.is_reloadable:
        sources = [lambda: fixed, keys.budgets]
    elif fixed:
        sources = [lambda: fixed]
    else:
        return None
    return Budgets(sources, store.reservations, pricer, waiting=ledger.waiting_ids, write_down=ledger.flush)


def _middleware(
    settings: Settings, keys: KeyRing | None, on_begun: Callable[[Scope], None], on_served: Served
) -> list[Middleware]:
    """Return the layers around the routes, outermost first.

    A stream goes past the layers inside `Telemetry` if all are named in `stream_blind`: those that have nothing to do
    with what it says. A layer that is not named there sees every byte, at the cost of the shortcut.
    """
    stream_blind = {HostCheck, OriginCheck, KeyCheck, AnswerCompression}
    layers = [
        Middleware(HostCheck, settings=settings),
        Middleware(OriginCheck, origins=settings.cors_origins),
    ]
    if keys is not None:
        layers.append(Middleware(KeyCheck, keys=keys))
    if settings.rate_limit is not None:
        from chatapp.backend.access.rate_limit import Limiter, RateLimitCheck  # noqa: PLC0415 - 0.15 s for who sets it

        layers.append(Middleware(RateLimitCheck, limiter=Limiter.open(settings, settings.rate_limit)))
        stream_blind.add(RateLimitCheck)
    outermost = Middleware(Telemetry, stream_blind=frozenset(stream_blind), on_begun=on_begun, on_served=on_served)
    return [outermost, *layers, Middleware(AnswerCompression)]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Let the backend begin; at its end close all, last things first, whatever goes wrong with one of them."""
    state = app.state
    async with AsyncExitStack() as closing:
        closing.callback(state.store.close)
        closing.push_async_callback(state.model.close)
        if state.traces is not None:
            closing.push_async_callback(asyncio.to_thread, state.traces.close)
        closing.push_async_callback(state.ledger.close)
        closing.push_async_callback(state.turns.close)
        closing.callback(lambda: [desk.close() for desk in state.transfer_desks])
        closing.callback(state.attachment_desk.close)
        remove_abandoned_files(state.settings.data_dir)
        threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="blocking")
        asyncio.get_running_loop().set_default_executor(threads)
        await state.turns.end_orphans()
        await state.ledger.recover()
        works = [
            state.model.prepare,
            state.turns.run_maintenance,
            state.ledger.keep,
            state.pricer.prepare,
            state.metrics.watch,
        ]
        if state.late_routes is not None:
            works.append(state.late_routes.prepare_behind)
        if state.budgets is not None:
            works.append(state.budgets.keep_alive)
        async with background(*works):
            yield
    state.is_all_saved = state.turns.active_count == 0
