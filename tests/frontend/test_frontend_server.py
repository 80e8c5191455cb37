"""The page's server, as a process: what unknown clients and browsers get from it."""

import base64
import http.client
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatapp.config.settings import Settings
from chatapp.frontend import app
from chatapp.frontend.app import first_html
from chatapp.frontend.server import streamlit_arguments
from chatapp.rendering.style import SHEET
from support.running_page import running_page


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What the page's process writes."""
    return []


@pytest.fixture(scope="module")
def port(lines: list[str]) -> Iterator[int]:
    with running_page("http://127.0.0.1:9", lines=lines) as port:
        yield port


def get(port: int, path: str = "/", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read().decode(errors="replace")
    connection.close()
    return response, body


def handshake(port: int, *, host: str, origin: str) -> int:
    """Return the status with which the page's websocket answers."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        f"Origin: {origin}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Protocol: streamlit",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(line.recv(4096).split()[1])


def test_the_page_is_ours_from_its_first_byte(port: int) -> None:
    response, body = get(port)

    assert response.status == 200
    assert "<title>chatapp</title>" in body
    assert body == first_html()


def test_the_page_starts_without_warnings_of_streamlit(port: int, lines: list[str]) -> None:
    assert get(port)[0].status == 200
    assert [line for line in lines if "No runtime found" in line] == []


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, '<html lang="en" dir="ltr">'),
        ({"accept-language": "ar-EG,en;q=0.5"}, '<html lang="ar" dir="rtl">'),
        ({"accept-language": "ar", "cookie": "chatapp_wishes_{port}=language=de"}, '<html lang="de" dir="ltr">'),
    ],
)
def test_the_first_html_is_in_the_language_of_its_reader(port: int, headers: dict[str, str], shown: str) -> None:
    response, body = get(port, **{name: value.replace("{port}", str(port)) for name, value in headers.items()})

    assert shown in body
    assert response.getheader("Vary") == "Accept-Language, Cookie"


def test_the_first_html_loads_nothing_from_elsewhere_and_holds_no_script(port: int) -> None:
    _, body = get(port)

    sources = re.findall(r'(?:src|href)="([^"]+)"', body.partition("<noscript>")[0])
    assert sources
    assert all(source.startswith("./") for source in sources)
    assert not re.search(r"<script>", body)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/app/icon.svg", "image/svg+xml"),
        ("/favicon.png", "image/svg+xml"),
        ("/app/page.js", "text/javascript"),
        ("/app/transcript.css", "text/css"),
        ("/app/fonts/stix-two-math.woff2", "font/woff2"),
    ],
)
def test_what_the_first_html_or_its_sheet_names_is_there(port: int, path: str, kind: str) -> None:
    response, body = get(port, path)

    assert (response.status, response.getheader("content-type", "").partition(";")[0]) == (200, kind)
    assert body


def test_the_page_draws_formulas_and_code_as_files_of_conversations_do(port: int) -> None:
    assert SHEET in get(port, "/app/transcript.css")[1]


def test_the_first_html_names_every_script_and_sheet() -> None:
    assets = {path.name for kind in ("*.js", "*.css") for path in (Path(app.__file__).parent / "assets").glob(kind)}
    drawn_by_the_script = {"style.css", "rtl.css"}

    named = set(re.findall(r'"\./app/([^"]+\.(?:js|css))"', first_html()))

    assert named == assets - drawn_by_the_script - set(app.MODULES) | {"page.js"}


def test_the_scripts_of_our_components_are_there_when_the_first_one_is_drawn(port: int) -> None:
    drawn = {path.name for path in (Path(app.__file__).parent / "assets").glob("*/*.js")}

    named = re.findall(r'rel="modulepreload"[^>]+href="\.(/_stcore/bidi-components/[^"]+)"', first_html())

    assert {Path(path).name for path in named} == drawn
    assert {get(port, path)[0].status for path in named} == {200}


@pytest.mark.parametrize("sheet", ["style.css", "transcript.css", "rtl.css"])
def test_a_change_on_the_page_styles_what_it_touches_alone(sheet: str) -> None:
    """Behind a holder's `:has()`, browsers style anew whatever ends like the rule: with each element that comes.

    Behind one's `[class*=…]` they do with each class that changes, as Streamlit changes some with each click.
    """
    text = (Path(app.__file__).parent / "assets" / sheet).read_text(encoding="utf-8")
    selectors = re.findall(r"[^{};]+(?={)", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))

    assert [selector.strip() for selector in selectors if any(map(_reaches_far, _without_parentheses(selector)))] == []


def _without_parentheses(selectors: str) -> list[str]:
    """Return each selector of a list with a `?` for `:has()` and `[class*=…]`, a dot for a class, siblings as one."""
    selectors = re.sub(r"\[class[^]]*\]", "?", selectors)
    while "(" in selectors:
        selectors = re.sub(r":has\([^()]*\)", "?", selectors)
        selectors = re.sub(r"\(([^()]*)\)", lambda told: "".join(set(told[1]) & set("?.")), selectors)
    return re.sub(r"\s*[+~]\s*", "", selectors).split(",")


def _reaches_far(selector: str) -> bool:
    *holders, last = re.split(r"[\s>+~]+", selector.strip())
    return "?" in "".join(holders) and "." not in last and not last.startswith("textarea")  # there are one or two


def test_the_page_carries_a_policy_against_remote_content(port: int) -> None:
    policy = get(port)[0].getheader("Content-Security-Policy", "")

    assert "img-src 'self' data: blob:" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_a_foreign_host_gets_neither_page_nor_websocket(port: int) -> None:
    assert get(port, Host="evil.example")[0].status == 400
    assert handshake(port, host="evil.example", origin="http://evil.example") == 403


@pytest.mark.parametrize(("request_line", "status"), [("GET / HTTP/1.0", b"200"), ("GET / HTTP/1.1", b"400")])
def test_http_1_0_alone_may_leave_out_the_host(request_line: str, status: bytes, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line, line.makefile("rb") as said:
        line.sendall(f"{request_line}\r\nConnection: close\r\n\r\n".encode())
        assert said.readline().split()[1] == status


def test_a_foreign_site_cannot_open_the_websocket(port: int) -> None:
    assert handshake(port, host=f"127.0.0.1:{port}", origin="http://evil.example") == 403
    assert handshake(port, host=f"127.0.0.1:{port}", origin=f"http://127.0.0.1:{port}") == 101


def test_flags_say_where_to_listen() -> None:
    arguments = streamlit_arguments(Settings(host="::1", ui_port=8600))

    assert arguments[0] == "run"
    assert {"--server.address=::1", "--server.port=8600", "--browser.gatherUsageStats=false"} <= set(arguments)
