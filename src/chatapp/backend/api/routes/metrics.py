"""What monitoring wants to know."""

from fastapi import APIRouter, Request, Response

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner
from chatapp.backend.api.routes.usage import require_admin
from chatapp.backend.telemetry.metrics import Metrics

router = APIRouter(tags=["state"])


@router.get(
    "/metrics",
    summary="Tell metrics to Prometheus",
    response_class=Response,
    responses={
        **ERRORS,
        200: {"content": {"text/plain": {}}, "description": "Prometheus' text format."},
        403: {**ERRORS[401], "description": "Only keys that ADMIN_KEYS names may read this."},
    },
)
async def metrics(request: Request, owner: CurrentOwner) -> Response:
    """Add up requests, calls to models, tokens, dollars and times, of all workers since the backend was started."""
    require_admin(request.app.state.settings, owner)
    meters: Metrics = request.app.state.metrics
    return Response(await meters.exposition(), media_type="text/plain; version=1.0.0; charset=utf-8")
