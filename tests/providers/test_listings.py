"""What is read of `GET /v1/models`, in whichever shape a server lists its models."""

from typing import Any

import pytest

from chatapp.providers.context_windows import windows_in
from chatapp.providers.listing import names_in

A = {"id": "a"}
LISTINGS: list[Any] = [
    {"data": [A]},
    {"data": [None, 7, {"id": None}, {"id": 7}, A]},
    {"data": [{"id": None, "name": "a"}]},
    {"data": [{"model": "a"}]},
    {"data": [{"model_name": "a"}]},
    {"data": {"models": [A]}},
    {"models": {"a": {"size": 1}}},
    {"results": [A]},
    {"available_models": ["a"]},
    {"id": "a", "object": "model"},
]


@pytest.mark.parametrize("listing", LISTINGS)
def test_models_are_known_in_whichever_shape_they_are_listed(listing: Any) -> None:
    assert names_in(listing) == ["a"]


@pytest.mark.parametrize(
    "listing", [{"object": "list", "data": None}, {"data": {"total": 0}}, {"id": "a"}, {"name": "a server"}, 7, None]
)
def test_what_lists_no_model_has_none(listing: Any) -> None:
    assert names_in(listing) == []


WINDOWS: list[dict[str, Any]] = [
    {"context_length": "4096"},
    {"context_length": 4096.0},
    {"context_length": "4k", "max_model_len": "4096"},
    {"contextLength": 4096},
    {"input_token_limit": 4096, "max_seq_len": 5000},
    {"capabilities": {"limits": {"max_context_window_tokens": 5000, "max_prompt_tokens": 4096}}},
    {"details": {"context_length": 4096}},
]


@pytest.mark.parametrize("entry", WINDOWS)
def test_a_window_is_known_wherever_it_is_listed(entry: dict[str, Any]) -> None:
    assert windows_in({"data": [{**A, **entry}]})["a"] in {4000, 4096}


@pytest.mark.parametrize(
    "value", [0, -1, True, None, "many", "", "4096 tokens", 1e300, float("nan"), [4096], "9" * 500]
)
def test_what_is_no_number_of_tokens_is_no_window(value: Any) -> None:
    assert windows_in({"data": [{**A, "context_length": value}]}) == {}
