"""What `streamlit run` runs: the page's script behind a guard, and the HTML that a browser loads first."""

import re
from functools import cache
from html import escape
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit import file_util
from streamlit.starlette import App

from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.frontend.access.cookie import keep
from chatapp.frontend.access.guard import Guard
from chatapp.frontend.compression import Compression
from chatapp.frontend.languages.choosing import language_for
from chatapp.frontend.languages.language import DEFAULT, languages
from chatapp.frontend.languages.of_scripts import words_of_scripts
from chatapp.frontend.listening import Listening
from chatapp.frontend.preloading import component_links, preload_links
from chatapp.frontend.session.admitted import admitted_sessions
from chatapp.frontend.session.wishes import read_wishes
from chatapp.frontend.sharing import shared_route
from chatapp.frontend.transcript.routes import message_routes
from chatapp.rendering.style import SHEET

_HERE = Path(__file__).parent
_ASSETS = _HERE / "assets"
_HEAD = """<title>chatapp</title>
    <link rel="manifest" href="./app/manifest.json">
    <link rel="stylesheet" href="./app/transcript.css">
    <script src="./app/batching.js"></script>
    <script src="./app/copying.js"></script>
    <script src="./app/language.js"></script>
    <script src="./app/page.js" type="module"></script>
    <script src="./app/reading.js"></script>
    <script src="./app/sidebar.js"></script>
    <style>@media (prefers-color-scheme: dark) { html { background: #15181b } }</style>"""
_PREFIX = "/app/"
_ICON = _PREFIX + "icon.svg"
_STREAMLITS_ICON = "/favicon.png"
"""Its scripts show it until the page names another, and to read that one takes libraries for pictures."""
_SCRIPTS = (
    "batching.js",
    "copying.js",
    "language.js",
    "reading.js",
    "sidebar.js",
)
MODULES = ("composer.js", "done.js", "focusing.js", "keys.js", "naming.js", "sending.js", "signing.js", "unasked.js")
"""What can wait until the page is there goes as one file, `page.js`: on a slow line each costs a walk to the server."""
_SERVED = {
    **dict.fromkeys(_SCRIPTS, "text/javascript"),
    "icon.svg": "image/svg+xml",
    "fonts/stix-two-math.woff2": "font/woff2",
    "manifest.json": "application/manifest+json",
}
_FONT = re.compile(r'<link[^<>]*as="font"[^<>]*>')
"""It would come before the scripts that show a page at all."""
_INLINE_SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)


@cache
def first_html(code: str = DEFAULT) -> str:
    """Return Streamlit's first HTML with our title, icon, styles and scripts, in the language `code`."""
    html = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    told = f'<meta name="words" content="{escape(words_of_scripts(code))}">'
    html = _INLINE_SCRIPT.sub("", html).replace("<title>Streamlit</title>", f"{told}\n    {_HEAD}")
    links = preload_links(Path(file_util.get_static_dir(), "static", "js"))
    html = _FONT.sub("", html).replace("</head>", f"{links}\n    {component_links(_ASSETS)}\n  </head>")
    html = html.replace('<html lang="en">', f'<html lang="{code}" dir="{languages()[code].direction}">')
    return html.replace("./favicon.png", f".{_ICON}")


async def _index(request: Request) -> HTMLResponse:
    wished = read_wishes(request.cookies, _SETTINGS).language
    code = language_for(wished, request.headers.get("accept-language")).code
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie", "Content-Language": code}
    return HTMLResponse(first_html(code), headers=headers)


async def _words(request: Request) -> Response:
    code = language_for(request.path_params["code"], None).code
    return Response(words_of_scripts(code), media_type="application/json", headers={"Cache-Control": "no-cache"})


async def _usage(_: Request) -> RedirectResponse:
    return RedirectResponse("./?view=usage")


def _client() -> BackendClient:
    # Streamlit warns of each of its caches that is there before its server runs.
    from chatapp.frontend.session.backend import client_of  # noqa: PLC0415

    return client_of(_SETTINGS.backend_url, timeout_s=_SETTINGS.request_timeout, api_key=None)


def _page_script() -> str:
    """Return the modules as one, each in a block of its own, so that their names do not meet."""
    return "".join(f"{{\n{(_ASSETS / name).read_text(encoding='utf-8')}}}\n" for name in MODULES)


def _sheet_of_messages() -> str:
    return (_ASSETS / "transcript.css").read_text(encoding="utf-8") + SHEET


async def _made(request: Request) -> Response:
    kind, text = _MADE[request.url.path.removeprefix(_PREFIX)]
    return Response(text, media_type=kind, headers={"Cache-Control": "no-cache"})


async def _asset(request: Request) -> FileResponse:
    path = request.url.path
    name = (_ICON if path == _STREAMLITS_ICON else path).removeprefix(_PREFIX)
    return FileResponse(_ASSETS / name, media_type=_SERVED[name])


_SETTINGS = Settings.load()
_MADE = {"page.js": ("text/javascript", _page_script()), "transcript.css": ("text/css", _sheet_of_messages())}

app = App(
    _HERE / "page.py",
    routes=[
        Route("/", _index),
        Route(_PREFIX + "sign-in", keep, methods=["POST"]),
        Route("/usage", _usage),
        shared_route(_client),
        *message_routes(lambda session_id: session_id in admitted_sessions()),
        Route(_PREFIX + "words/{code}", _words),
        *(Route(_PREFIX + name, _made) for name in _MADE),
        *(Route(_PREFIX + name, _asset) for name in _SERVED),
        Route(_STREAMLITS_ICON, _asset),
    ],
    middleware=[Middleware(Guard, settings=_SETTINGS), Middleware(Compression), Middleware(Listening)],
)
