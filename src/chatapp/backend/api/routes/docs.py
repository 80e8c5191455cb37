"""The API, described for people. It names the description beside it, and so works below any path of a proxy."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_DESCRIPTION = "openapi.json"
_GET = ["GET", "HEAD"]


@router.api_route("/docs", methods=_GET)
async def docs() -> HTMLResponse:
    """Return the page to try the API with."""
    return get_swagger_ui_html(openapi_url=_DESCRIPTION, title="chatapp - Swagger UI")


@router.api_route("/redoc", methods=_GET)
async def redoc() -> HTMLResponse:
    """Return the page to read the API on."""
    return get_redoc_html(openapi_url=_DESCRIPTION, title="chatapp - ReDoc")
