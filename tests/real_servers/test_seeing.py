"""Pictures in front of a model that sees: SmolLM2 in llama.cpp with an eye for what is red or blue at the top."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from chatapp.client import BackendClient
from chatapp.errors import UpstreamParameterRefusedError
from real_servers.conftest import front_of
from real_servers.kinds import LLAMA_CPP, SEEING
from real_servers.model_server import ModelServer
from support import documents

pytestmark = [pytest.mark.real_servers, pytest.mark.timeout(3600)]

LEFT_IS_UP, RIGHT_IS_UP = 6, 8
"""How a phone notes which way it was held (Exif's Orientation)."""


def photo(orientation: int) -> bytes:
    """A photo, red at its left and blue at its right, of which one is up."""
    image, exif, out = Image.new("RGB", (400, 200), "red"), Image.Exif(), io.BytesIO()
    image.paste("blue", (200, 0, 400, 200))
    exif[0x0112] = orientation
    image.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


SHOWN = {
    "red is up": ("a.jpg", lambda: photo(LEFT_IS_UP), "red"),
    "blue is up": ("a.jpg", lambda: photo(RIGHT_IS_UP), "blue"),
    "a red scan": ("a.pdf", lambda: documents.scan("red"), "red"),
    "a blue scan": ("a.pdf", lambda: documents.scan("blue"), "blue"),
}


@pytest.fixture(scope="module")
def seeing(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackendClient]:
    """A backend in front of a model that sees."""
    folder = tmp_path_factory.mktemp("seeing")
    with ModelServer(SEEING, weights=weights, folder=folder) as server, front_of(server, folder / "data") as front:
        yield front.client


@pytest.mark.parametrize("what", SHOWN)
def test_a_model_sees_what_is_at_the_top(seeing: BackendClient, what: str) -> None:
    name, make, colour = SHOWN[what]
    file = seeing.attach(io.BytesIO(make()), name=name)

    answer = seeing.ask("Which colour is it?", attachments=[file.id], max_tokens=12, temperature=0.0).answer.lower()

    assert [seen for seen in ("red", "blue") if seen in answer] == [colour]


def test_that_a_model_sees_is_known_by_its_list(seeing: BackendClient) -> None:
    told = seeing.models()

    assert told.takes_images(told.default) is True


def test_a_model_without_an_eye_refuses_a_picture(weights: Path, tmp_path: Path) -> None:
    with ModelServer(LLAMA_CPP, weights=weights, folder=tmp_path) as server, front_of(server, tmp_path / "d") as front:
        file = front.client.attach(io.BytesIO(photo(LEFT_IS_UP)), name="a.jpg")

        with pytest.raises(UpstreamParameterRefusedError, match="takes no pictures"):
            front.client.ask("Which colour is it?", attachments=[file.id])
