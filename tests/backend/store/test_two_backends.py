"""Two backends on one PostgreSQL."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from chatapp.client import BackendClient
from chatapp.protocol.events import Start, Text
from support import scripts
from support.commands import Serving
from support.running_backend import RunningBackend, backend_before
from support.stub_model import KEY, StubModel
from support.turn_steps import wait_for


def test_the_other_backend_goes_on_where_a_killed_one_broke_off(
    postgres_url: str, stub: StubModel, tmp_path: Path
) -> None:
    env = {"BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "MODEL_NAME": "stub", "DATABASE_URL": postgres_url}
    stub.next(scripts.answer("What was ", "said.", scripts.silence))
    with (
        Serving(env=env | {"DATA_DIR": str(tmp_path / "1")}) as killed,
        Serving(env=env | {"DATA_DIR": str(tmp_path / "2")}) as other,
        BackendClient(killed.url) as first,
        BackendClient(other.url) as second,
    ):
        events = iter(first.stream("Why?", store=True))
        start = next(events)
        assert isinstance(start, Start)
        assert isinstance(next(events), Text)
        wait_for(lambda: second.turn(start.turn_id).answer == "What was said.", timeout_s=10)

        killed.signal(signal.SIGKILL)

        wait_for(lambda: second.turn(start.turn_id).status == "interrupted", timeout_s=30)
        assert second.turn(start.turn_id).answer == "What was said."
        assert second.ask("And now?", conversation_id=start.conversation_id).answer
        assert [message["content"] for message in stub.calls[-1].body["messages"]][:2] == ["Why?", "What was said."]


def test_retries_at_once_at_both_get_one_answer(postgres_url: str, stub: StubModel, tmp_path: Path) -> None:
    with (
        backend_before(stub, tmp_path / "1", database_url=postgres_url) as one,
        backend_before(stub, tmp_path / "2", database_url=postgres_url) as other,
    ):
        conversation_id = one.client.ask("Hello", store=True).conversation_id
        body = {"prompt": "Why?", "conversation_id": conversation_id}

        def retry(backend: RunningBackend) -> requests.Response:
            headers = {"Idempotency-Key": str(conversation_id)}
            return requests.post(f"{backend.url}/query", json=body, headers=headers, timeout=10)

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(retry, [one, other] * 4))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["turn_id"] for answer in answers}) == 1
    assert stub.hits == 2
