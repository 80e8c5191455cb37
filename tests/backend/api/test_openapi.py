"""What our OpenAPI says is so: hundreds of requests made out of it, right and wrong ones, the same at every run."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

import chatapp
from support.running_backend import RunningBackend
from support.stub_model import StubModel

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]  # hundreds of requests, whatever else the machine does

LONGEST_ADDRESS = 50_000
"""Longer ones are refused before they are read as HTTP."""

LONG_ENOUGH = 12
"""Shorter values can be in a sentence by chance."""

OUR_WORDS = "".join(file.read_text(encoding="utf-8") for file in Path(chatapp.__file__).parent.rglob("*.py"))
"""Hypothesis tries the strings it finds in the source too, and the source says some of them in its answers."""

ANY_TEXT = {"type", "title", "description", "default"}
"""What the schema of a parameter says that has no rule but to be a text."""

load_all_checks()
RULES_IN_WORDS = CHECKS.get_one("positive_data_acceptance")
"""Not every rule can be written as a schema: no NUL, not blank, cursors that we gave, files that can be read."""

settings = hypothesis.settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(scope="module")
def api(shared: RunningBackend) -> Any:
    """What /openapi.json says."""
    api = schemathesis.openapi.from_url(f"{shared.url}/openapi.json")
    refusals = api.config.checks.negative_data_rejection
    refusals.expected_statuses = [*refusals.expected_statuses, "413"]  # a text too long for its field may be so for any
    return api


def operations(api: Any) -> Iterator[Any]:
    found = [operation.ok() for operation in api.get_all_operations()]
    assert {"POST /query", "POST /query/stream", "GET /health"} <= {operation.label for operation in found}
    yield from found


def can_be_wrong(operation: Any) -> bool:
    """Return whether there is a wrong request: any text is right in a path, which Hypothesis finds out by hundreds."""
    schemas = [it.definition["schema"] for it in (*operation.path_parameters, *operation.headers)]
    has_rules = any(schema.get("type") != "string" or set(schema) - ANY_TEXT for schema in schemas)
    return has_rules or bool(operation.body or operation.query)


def ask_often(operation: Any, mode: GenerationMode, *, ids: dict[str, str] | None = None, **checks: Any) -> int:
    """Send requests made by `mode`, about `ids` if given; check each response, and give how many were refused."""
    refused = 0

    @settings
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        nonlocal refused
        hypothesis.assume(len(quote(str(case.query))) < LONGEST_ADDRESS)
        case.path_parameters.update({name: ids.get(name, "gone") for name in case.path_parameters if ids})
        response = case.call_and_validate(timeout=10, **checks)
        if response.status_code >= 400:
            assert_one_shape(case, response)
            refused += 1

    ask()
    return refused


def assert_one_shape(case: Case, response: Any) -> None:
    body = response.json()
    assert response.status_code < 500
    if case.path.startswith("/v1/messages"):
        assert set(body["error"]) - {"details"} == {"message", "type"}  # details where a thread is refused
    elif case.path.startswith("/v1/"):
        assert set(body["error"]) == {"message", "type", "param", "code"}
    else:
        assert set(body) - {"hint", "retry_after"} == {"detail", "code", "request_id"}
        assert response.headers["x-request-id"] == [body["request_id"]]
    assert len(response.content) < 4096
    sent = strings([case.body, case.query, case.path_parameters, case.headers, case.cookies])
    said = [text for text in sent if len(text) >= LONG_ENOUGH and text in response.text]
    assert not [text for text in said if text not in OUR_WORDS], "nothing is echoed"


def strings(value: Any) -> Iterator[str]:
    """Return every text in `value`, except the names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)
    elif hasattr(value, "values"):
        yield from strings(list(value.values()))


@pytest.fixture(scope="module")
def ids(shared: RunningBackend) -> dict[str, str]:
    """The ids of one thing of each kind, which is there before anything is asked."""
    answer = shared.client.ask("Why?", store=True)
    ids = {"conversation_id": str(answer.conversation_id), "turn_id": str(answer.turn_id), "model_id": answer.model}
    ids["attachment_id"] = shared.client.attach(BytesIO(b"Words."), name="a.txt").id
    ids["project_id"] = shared.client.projects.begin("Thesis").id
    return ids


@pytest.mark.usefixtures("ids")
def test_what_is_described_is_answered_as_described(api: Any) -> None:
    for operation in operations(api):
        ask_often(operation, GenerationMode.POSITIVE, excluded_checks=[RULES_IN_WORDS])


def test_what_is_there_is_answered_as_described(api: Any, ids: dict[str, str]) -> None:
    of_one_thing = [operation for operation in operations(api) if operation.path_parameters]
    assert len(of_one_thing) > 10
    for operation in of_one_thing:  # what others are asked is the same with ids and without
        ask_often(operation, GenerationMode.POSITIVE, ids=ids, excluded_checks=[RULES_IN_WORDS])


def test_what_is_not_described_is_refused_in_the_one_shape(api: Any, model: StubModel) -> None:
    before = model.hits
    with_rules = filter(can_be_wrong, operations(api))
    refused = {operation.label: ask_often(operation, GenerationMode.NEGATIVE) for operation in with_rules}
    assert model.hits == before, "and the model is not asked"
    assert refused["POST /query"] == refused["POST /query/stream"] == settings.max_examples
