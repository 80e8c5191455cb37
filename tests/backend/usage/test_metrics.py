"""`GET /metrics`: what Prometheus reads, the same numbers as everywhere."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from chatapp.backend.telemetry.meters import Meters
from chatapp.backend.usage import ledger
from chatapp.client import BackendClient
from chatapp.protocol.money import picodollars
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]


def read(url: str, **headers: str) -> dict[str, float]:
    """Return all samples, each by its name and labels as they are written."""
    response = requests.get(f"{url}/metrics", headers=headers, timeout=5)
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_metrics_are_those_of_usage(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 0.1)
    file = tmp_path / "connections.toml"
    file.write_text(
        f'[connections.paid]\nbase_url = "{stub.url}"\nprices = {{ input = 0.0375, output = 0.3 }}\n', encoding="utf-8"
    )
    backend = run_backend(connections=str(file))
    stub.next(scripts.answer("Yes."), scripts.status(400, "No."), scripts.answer("Yes.", usage=False))
    for model in ("paid/a", "paid/a", "stub-model"):
        requests.post(f"{backend.url}/query", json={"prompt": "Why?", "model": model}, timeout=10)
    wait_for(lambda: backend.client.usage().total.calls == 3)
    told, usage = read(backend.url), backend.client.usage(by="connection")
    (paid,) = [row for row in usage.rows if row.name == "paid"]
    assert Decimal(repr(told["chatapp_cost_dollars_total['paid']"])) == Decimal(paid.cost)
    assert told["chatapp_cost_dollars_total['default']"] == 0
    for kind, count in {"prompt": paid.prompt_tokens, "completion": paid.completion_tokens}.items():
        assert told[f"chatapp_tokens_total{sorted(['paid', kind])}"] == count
    assert told["chatapp_model_calls_total['', 'api', 'complete', 'paid']"] == 1
    assert told["chatapp_first_token_seconds_count['paid']"] == 1
    assert told["chatapp_call_seconds_count['paid']"] == 2
    assert told["chatapp_requests_total['/query', '200', 'POST']"] == 2
    assert (told["chatapp_active_turns[]"], told["chatapp_store_up[]"]) == (0, 1)
    assert picodollars(paid.cost) > 0


def test_metrics_are_for_the_keys_of_admin_keys(run_backend: RunBackend) -> None:
    backend = run_backend(api_keys="ada:key-a,prometheus:key-p", admin_keys="prometheus")
    statuses = {
        key: requests.get(f"{backend.url}/metrics", headers={"Authorization": f"Bearer {key}"}, timeout=5).status_code
        for key in ("key-a", "key-p", "wrong")
    }
    assert statuses == {"key-a": 403, "key-p": 200, "wrong": 401}


def test_what_nobody_serves_makes_no_new_series(backend: RunningBackend) -> None:
    for path in ("/a", "/b?c=d", "/conversations/x1", "/conversations/x2"):
        requests.request("PROPFIND" if path == "/a" else "GET", f"{backend.url}{path}", timeout=5)
    routes = {name for name in read(backend.url) if name.startswith("chatapp_requests_total")}
    assert routes == {
        "chatapp_requests_total['', '404', 'other']",
        "chatapp_requests_total['', '404', 'GET']",
        "chatapp_requests_total['/conversations/{conversation_id}', '404', 'GET']",
    }


def test_no_prompt_and_no_key_is_in_metrics(backend: RunningBackend, client: BackendClient) -> None:
    client.ask("A very private question")
    text = requests.get(f"{backend.url}/metrics", timeout=5).text
    assert re.search("private|sk-", text) is None


def test_dollars_are_exact_where_floats_would_not_be() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    from chatapp.backend.store import ModelCall  # noqa: PLC0415

    meters = Meters(None)
    for _ in range(1000):
        meters.count_calls([
            ModelCall(
                owner="", connection="c", model="m", status="complete", created_at=datetime.now(UTC), duration_ms=1,
                cost_pico=100_000_000_000,
            )
        ])  # fmt: skip
    assert b'chatapp_cost_dollars_total{connection="c"} 100.0\n' in meters.exposition()
