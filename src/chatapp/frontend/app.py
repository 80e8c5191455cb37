"""What `streamlit run` runs: the page's script behind a guard, and the HTML that a browser loads first."""

import re
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route
from streamlit import file_util
from streamlit.starlette import App

from chatapp.frontend.guard import Guard
from chatapp.settings import Settings

_HERE = Path(__file__).parent
_ASSETS = _HERE / "assets"
_HEAD = """<title>chatapp</title>
    <script src="./app/copying.js"></script>
    <style>@media (prefers-color-scheme: dark) { html { background: #15181b } }</style>"""
_INLINE_SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)


def first_html() -> str:
    """Give Streamlit's first HTML with our title and icon, and a script that lets copy buttons work without HTTPS."""
    html = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    html = _INLINE_SCRIPT.sub("", html).replace("<title>Streamlit</title>", _HEAD)
    return html.replace("./favicon.png", "./app/icon.svg")


async def _index(_: Request) -> HTMLResponse:
    return HTMLResponse(_FIRST_HTML, headers={"Cache-Control": "no-cache"})


async def _copying(_: Request) -> FileResponse:
    return FileResponse(_ASSETS / "copying.js", media_type="text/javascript")


async def _icon(_: Request) -> FileResponse:
    return FileResponse(_ASSETS / "icon.svg")


_FIRST_HTML = first_html()

app = App(
    _HERE / "page.py",
    routes=[Route("/", _index), Route("/app/copying.js", _copying), Route("/app/icon.svg", _icon)],
    middleware=[Middleware(Guard, settings=Settings.load())],
)
