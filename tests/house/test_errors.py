"""The tree of errors: what its drawing says is so, and every error means the same on both sides of the wire."""

import inspect
import json
import re
import socket
import ssl
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp import errors
from chatapp.backend.models.openai.errors import OurErrors
from chatapp.errors import (
    BackendError,
    ChatappError,
    InternalError,
    InvalidRequestError,
    UpstreamError,
)
from chatapp.protocol.received_errors import error_from_dict

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)


def classes(module: ModuleType, root: type[Exception]) -> list[Any]:
    """Return every class of `module` below `root`, and `root`."""
    kinds = [it for it in vars(module).values() if issubclass(type(it), type)]  # what loads itself later is no class
    return [kind for kind in kinds if issubclass(kind, root)]


OURS = classes(errors, ChatappError)
every_error = pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)


def drawn() -> Iterator[tuple[str, str]]:
    """Return the classes of the docstring's drawing, each with the class it hangs on."""
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        names = re.findall(r"\b\w+Error\b", line)
        if not names:
            continue
        depth = len(re.match(r"[│├└─ ]*", line)[0]) // 4  # type: ignore[index]
        for name in names:
            yield name, path[depth - 1] if depth else "Exception"
        path[depth:] = [names[0]]


def test_the_drawing_holds_every_class_once() -> None:
    assert sorted(name for name, _ in drawn()) == sorted(kind.__name__ for kind in OURS)


def test_the_drawing_hangs_every_class_below_its_parent_or_grandparent() -> None:
    for name, above in drawn():
        parents = [parent.__name__ for parent in getattr(errors, name).__mro__[1:]]
        assert above in parents, f"{name} is drawn below {above}, but is a {parents[0]}"


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in OURS if kind not in {ChatappError, InternalError}]
    assert sorted(codes) == sorted(set(codes))


@every_error
def test_a_code_is_one_lower_case_word(kind: type[ChatappError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


@every_error
def test_an_error_survives_the_wire(kind: type[ChatappError]) -> None:
    sent = kind("The sky is down.", hint="Look up.", retry_after=3).as_dict("r-1")
    received = error_from_dict(json.loads(json.dumps(sent)))
    assert type(received) is (InternalError if kind is ChatappError else kind)
    assert received.as_dict() == sent


@every_error
def test_what_is_not_known_is_left_out(kind: type[ChatappError]) -> None:
    assert kind("The sky is down.").as_dict("r-1").keys() == {"detail", "code", "request_id"}


def test_a_failure_of_the_model_keeps_the_prefix_of_the_guide_once() -> None:
    sent = UpstreamError("no model.").as_dict()
    received = error_from_dict(sent)
    assert received is not None
    assert received.detail == sent["detail"] == "LLM processing failed: no model."


def test_the_sentence_says_what_to_do() -> None:
    assert ChatappError("It rains.", hint="Take an umbrella.").sentence() == "It rains. Take an umbrella."
    assert ChatappError("It rains.").sentence() == "It rains."


def test_validation_errors_become_one_sentence() -> None:
    detail = [
        {"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"},
        {"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error"},
        {"type": "x", "loc": ["body", "messages", 0, "role"], "msg": "Not a role"},
    ]
    error = error_from_dict({"detail": detail, "code": "invalid_request", "request_id": "r-1"})
    assert type(error) is InvalidRequestError
    assert error.detail == (
        "The request is not valid: prompt: Field required; body: JSON decode error; messages.0.role: Not a role."
    )


def test_an_error_of_the_future_keeps_its_sentence() -> None:
    error = error_from_dict({"detail": "I am a teapot.", "code": "teapot", "request_id": "r-1", "hint": "Pour."})
    assert type(error) is BackendError
    assert error.sentence() == "I am a teapot. Pour."


def test_a_backend_written_after_the_guide_says_how_the_model_failed() -> None:
    error = error_from_dict({"detail": "LLM processing failed: Connection error."})
    assert type(error) is UpstreamError
    assert error.sentence() == "LLM processing failed: Connection error."


@pytest.mark.parametrize("body", [{}, {"detail": "Not Found"}, {"code": "not_found"}, {"detail": None, "code": "x"}])
def test_another_api_s_error_is_not_ours(body: dict[str, Any]) -> None:
    assert error_from_dict(body) is None


@settings(deadline=None, database=None, max_examples=200)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "detail": json_values
            | st.lists(st.fixed_dictionaries({"loc": json_values, "msg": json_values}), max_size=2),
            "code": json_values | st.sampled_from([kind.code for kind in OURS]),
            "hint": json_values,
            "retry_after": json_values,
            "request_id": json_values,
        },
    )
)
def test_no_json_object_breaks_the_reader(body: dict[str, Any]) -> None:
    error = error_from_dict(body)
    assert error is None or isinstance(error.sentence(), str)


# The model's side: whatever the `openai` package raises becomes one of ours.

REQUEST = httpx2.Request("POST", "http://model.invalid/v1/chat/completions")
SENTINEL = "sk-sentinel http://10.0.0.7 What is Python?"
THEIRS = classes(openai, openai.OpenAIError)
OF_SOCKETS = [OSError, ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError, ssl.SSLCertVerificationError]


def theirs(kind: type[openai.OpenAIError]) -> openai.OpenAIError:
    """Return an instance, made the way the package makes it, as far as its signature tells."""
    known: dict[str, Any] = {
        "message": SENTINEL,
        "request": REQUEST,
        "response": httpx2.Response(_status_of(kind), request=REQUEST),
        "body": {"message": SENTINEL},
        "completion": SimpleNamespace(usage=SENTINEL),
    }
    wanted = inspect.signature(kind).parameters.values()
    given = {parameter.name: known.get(parameter.name, SENTINEL) for parameter in wanted if _is_required(parameter)}
    return kind(**given) if given else kind()


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in {
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
    }


def _status_of(kind: type) -> int:
    status = getattr(kind, "status_code", None)
    return status if isinstance(status, int) else 500


@pytest.mark.parametrize("kind", THEIRS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_openai_package_becomes_ours_without_its_words(kind: type[openai.OpenAIError]) -> None:
    with pytest.raises(UpstreamError) as caught, OurErrors("some-model"):
        raise theirs(kind)
    assert "sentinel" not in str(caught.value.as_dict())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("kind", [*classes(httpx2, httpx2.TransportError), *OF_SOCKETS], ids=lambda kind: kind.__name__)
def test_every_error_of_the_connection_becomes_ours(kind: type[Exception]) -> None:
    with pytest.raises(UpstreamError), OurErrors("some-model"):
        raise kind.__new__(kind)
