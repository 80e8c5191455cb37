"""Whether the backend runs, and whether it could answer."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

import chatapp
from chatapp.backend.api.dependencies import ERRORS
from chatapp.backend.api.store_probe import StoreProbe
from chatapp.backend.models.chat_model import ChatModel
from chatapp.errors import ChatappError
from chatapp.protocol.schemas.status import Dependency, Health, ModelDependency, Models, Readiness
from chatapp.providers.connection import Upstream

router = APIRouter(tags=["state"])

_UNTOLD: dict[int | str, dict[str, Any]] = {status: ERRORS[status] for status in (401, 429, 500, 503, 504)}


@router.get("/health", summary="Check that the backend runs")
async def health() -> Health:
    """Liveness only: no I/O, and a yes while the model is down."""
    return Health(version=chatapp.__version__)


@router.head("/health", include_in_schema=False)
async def health_head() -> Response:
    """Liveness without a body."""
    return Response()


@router.get(
    "/ready",
    summary="Check that a question would be answered",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Something is missing; its entry says what to do."}},
)
async def ready(request: Request) -> JSONResponse:
    """Ask everything a question needs for a sign of life."""
    state = request.app.state
    model, store = await asyncio.gather(_model(state.model, state.upstream), _store(state.store_probe))
    is_ready = model.ok and store.ok
    body = Readiness(status="ready" if is_ready else "not_ready", model=model, store=store)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=200 if is_ready else 503)


@router.get("/models", summary="List the models that can be asked", responses=_UNTOLD)
async def models(request: Request) -> Models:
    """Name the models that a question's `model` may be, as the model server lists them now."""
    model: ChatModel = request.app.state.model
    names = await model.models()
    return Models(default=model.name, models=names)


async def _model(model: ChatModel, upstream: Upstream) -> ModelDependency:
    checked = await _checked(model.probe())
    return ModelDependency(
        name=model.name,
        provider=upstream.provider,
        reason=upstream.reason,
        is_demo=upstream.is_demo,
        **checked,
    )


async def _store(probe: StoreProbe) -> Dependency:
    return Dependency(**await _checked(probe.ask()))


async def _checked(check: Any) -> dict[str, Any]:
    """Return how a check went: ok, milliseconds, and what is wrong where something is, or worth a remark."""
    began = time.perf_counter()
    told: dict[str, Any] = {"ok": True}
    try:
        if remark := await check:
            told["remark"] = remark
    except ChatappError as error:
        told = {"ok": False, "detail": error.detail, "hint": error.hint}
    return {**told, "latency_ms": round((time.perf_counter() - began) * 1000)}
