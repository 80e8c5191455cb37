"""Files of the page on their way to a browser: compressed once, and the same as they were."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from streamlit import file_util

from chatapp.frontend.compression import Compression
from chatapp.frontend.preloading import ELEMENTS, preload_links

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, content in {"a.js": SCRIPT, "small.js": b"1", "a.woff2": b"x" * 1000}.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def client(files: Path) -> TestClient:
    routes = [Mount("/static", StaticFiles(directory=files)), Mount("/media", StaticFiles(directory=files))]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Compression)]))


def test_a_script_is_compressed_once_and_the_same(client: TestClient, files: Path) -> None:
    first = client.get("/static/a.js")
    (files / "a.js").unlink()
    second = client.get("/static/a.js")

    assert first.content == second.content == SCRIPT
    assert first.headers == second.headers
    assert first.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in first.headers["vary"].lower()
    assert int(first.headers["content-length"]) == len(gzip.compress(SCRIPT, mtime=0))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/a.js", {"Accept-Encoding": "identity"}),
        ("/static/a.js", {"Accept-Encoding": "gzip;q=0, identity"}),
        ("/static/a.js", {"Range": "bytes=0-9"}),
        ("/static/a.js?x", {}),
        ("/static/small.js", {}),
        ("/static/a.woff2", {}),
        ("/static/gone.js", {}),
        ("/media/a.js", {}),
    ],
)
def test_everything_else_is_as_it_is(path: str, headers: dict[str, Any], client: TestClient) -> None:
    assert "content-encoding" not in client.get(path, headers=headers).headers


def test_what_the_first_screen_needs_is_asked_for_at_once() -> None:
    scripts = Path(file_util.get_static_dir(), "static", "js")
    named = re.findall(r'href="\./static/js/([\w.-]+)"', preload_links(scripts))

    assert set(ELEMENTS) <= {name.partition(".")[0] for name in named}
    assert "StreamlitMarkdown" in {name.partition(".")[0] for name in named}
    assert [name for name in named if not (scripts / name).is_file()] == []
