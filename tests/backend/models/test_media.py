"""Whether a model takes pictures and sound: as its server lists, as its name tells, as it has refused."""

import json
from typing import Any

import pytest

from chatapp.backend.models.cooldown import another_may_do_better
from chatapp.backend.models.openai.errors import error_from_response
from chatapp.backend.models.openai.media import MediaTaken
from chatapp.errors import UpstreamError
from chatapp.providers.modalities import modalities_in


def refused(status: int, words: str) -> UpstreamError:
    return error_from_response(status, {}, json.dumps({"error": {"message": words}}).encode(), "m1")


@pytest.mark.parametrize("words", ["No endpoints found that support image input", "At most 1 image per prompt"])
def test_another_model_may_take_a_picture_that_one_does_not(words: str) -> None:
    assert another_may_do_better(refused(400, words))


@pytest.mark.parametrize(
    "words",
    ["Unsupported image format: image/tiff is not supported", "You uploaded an unsupported image type", "No."],
)
def test_what_is_wrong_with_one_picture_says_nothing_of_the_model(words: str) -> None:
    assert getattr(refused(400, words), "parameter", None) != "images"


@pytest.mark.parametrize(
    ("listing", "told"),
    [
        ({"data": [{"id": "a", "architecture": {"input_modalities": ["text", "image"]}}]}, [True, False]),
        ({"data": [{"id": "a", "capabilities": {"vision": False}}]}, [False, None]),
        ({"data": [{"id": "a", "capabilities": {"image_input": {"supported": True}}}]}, [True, None]),
        ({"models": [{"name": "a", "capabilities": ["completion"]}], "data": [{"id": "a"}]}, [False, False]),
        ({"models": [{"name": "a", "capabilities": ["completion", "multimodal"]}], "data": [{"id": "a"}]},
         [True, False]),
        ({"data": [{"id": "a", "model_spec": {"capabilities": {"supportsVision": True}}}]}, [True, None]),
        ({"data": [{"id": "a", "modalities": {"input_modalities": ["text", "image"]}}]}, [True, False]),
        ({"data": [{"id": "a"}, {"id": "b", "capabilities": "vision", "architecture": []}], "models": 1}, [None, None]),
    ],
    ids=["OpenRouter", "Mistral", "Anthropic", "llama.cpp", "llama.cpp that sees", "Venice", "Volcengine",
         "nothing said"],
)  # fmt: skip
def test_what_a_list_of_models_says_is_known(listing: Any, told: list[bool | None]) -> None:
    taken = MediaTaken()

    assert [taken.takes("a", medium, modalities_in(listing).get("a")) for medium in ("images", "audio")] == told


def test_the_file_of_connections_comes_before_names_and_names_before_nothing() -> None:
    assert MediaTaken(["images"]).takes("gpt-4o", "images", {"images": True}) is False
    assert MediaTaken().takes("gpt-4o", "images", None) is True
    assert MediaTaken().takes("qwen3", "images", None) is None
