"""Whether the backend runs, and whether it could answer."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

import chatapp
from chatapp.backend.api.dependencies import ERRORS
from chatapp.backend.api.store_probe import StoreProbe
from chatapp.backend.models.chat_model import ChatModel
from chatapp.backend.models.router import ConnectionReport, Router
from chatapp.errors import ChatappError
from chatapp.protocol.schemas.status import (
    ConnectionDependency,
    ConnectionModels,
    Dependency,
    Health,
    ListedModel,
    ModelDependency,
    Models,
    Readiness,
    Route,
)

router = APIRouter(tags=["state"])

_UNTOLD: dict[int | str, dict[str, Any]] = {status: ERRORS[status] for status in (401, 429, 500, 503, 504)}


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="Check that the backend runs")
async def health() -> Health:
    """Liveness only: no I/O, and a yes while the model is down."""
    return Health(version=chatapp.__version__)


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    summary="Check that a question would be answered",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Something is missing; its entry says what to do."}},
)
async def ready(request: Request) -> JSONResponse:
    """Ask everything a question needs for a sign of life."""
    state = request.app.state
    (model, connections), store = await asyncio.gather(_model_and_connections(state.model), _store(state.store_probe))
    is_ready = model.ok and store.ok
    body = Readiness(status="ready" if is_ready else "not_ready", model=model, store=store, connections=connections)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=200 if is_ready else 503)


@router.get("/models", summary="List the models that can be asked", responses=_UNTOLD)
async def models(request: Request) -> Models:
    """Name the models that a question's `model` may be, as far as the model servers tell now."""
    model: ChatModel = request.app.state.model
    if not isinstance(model, Router):
        return Models(default=model.name, models=await model.models(), connections=[], routes=[])
    names = await model.models() if model.is_single else []
    reports = await model.look()
    return Models(
        default=model.name,
        models=names or model.names(reports),
        connections=[_with_models(report) for report in reports],
        routes=[Route(name=name, models=list(entries)) for name, entries in model.pool.routes.items()],
    )


async def _model_and_connections(model: ChatModel) -> tuple[ModelDependency, list[ConnectionDependency]]:
    """Return how the default model is, and each connection; one that is alone is asked once for both."""
    if isinstance(model, Router) and model.is_single:
        return await _model(model), await _connections(model)
    return await asyncio.gather(_model(model), _connections(model))


async def _connections(model: ChatModel) -> list[ConnectionDependency]:
    if not isinstance(model, Router):
        return []
    return [ConnectionDependency(**_facts(report)) for report in await model.look()]


def _facts(report: ConnectionReport) -> dict[str, Any]:
    upstream, seen = report.member.upstream, report.seen
    told: dict[str, Any] = {"ok": seen.error is None, "note": seen.note, "latency_ms": seen.latency_ms}
    if seen.error is not None:
        told |= {"detail": seen.error.detail, "hint": seen.error.hint}
    about = {"name": upstream.name, "provider": upstream.provider, "reason": upstream.reason}
    return {**about, "is_demo": upstream.is_demo, **told}


def _with_models(report: ConnectionReport) -> ConnectionModels:
    member = report.member
    told = [
        ListedModel(
            id=asked,
            name=name,
            window=member.connection.window_told(name),
            images=member.connection.takes(name, "images"),
            audio=member.connection.takes(name, "audio"),
        )
        for asked, name in report.models.items()
    ]
    return ConnectionModels(**_facts(report), models=told, without=sorted(member.upstream.without))


async def _model(model: ChatModel) -> ModelDependency:
    checked = await _checked(model.probe())
    about: dict[str, Any] = {"provider": "", "reason": "it is given", "is_demo": False}
    if isinstance(model, Router):
        upstream = model.upstream
        about = {"provider": upstream.provider, "reason": upstream.reason, "is_demo": upstream.is_demo}
    return ModelDependency(name=model.name, **about, **checked)


async def _store(probe: StoreProbe) -> Dependency:
    return Dependency(**await _checked(probe.ask()))


async def _checked(check: Any) -> dict[str, Any]:
    """Return how a check went: ok, milliseconds, and what is wrong where something is, or worth a note."""
    began = time.perf_counter()
    result: dict[str, Any] = {"ok": True}
    try:
        if note := await check:
            result["note"] = note
    except ChatappError as error:
        result = {"ok": False, "detail": error.detail, "hint": error.hint}
    return {**result, "latency_ms": round((time.perf_counter() - began) * 1000)}
