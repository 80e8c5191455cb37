"""What calls have taken and cost: by day, model, connection, key and surface, the same wherever it is told."""

import csv
import io
import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.store import ModelCall, Store
from chatapp.backend.usage import ledger
from chatapp.cli.terminal import columns_of
from chatapp.cli.usage import run as run_usage
from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, ForbiddenError
from chatapp.protocol.money import dollars, picodollars
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]
DIMENSIONS = ("day", "model", "connection", "key", "surface")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write ten times as often as in earnest."""
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 0.1)


@pytest.fixture
def priced(stub: StubModel, tmp_path: Path) -> str:
    """A file of connections: the stub once more, where it is paid for."""
    file = tmp_path / "connections.toml"
    prices = "prices = { input = 2.5, output = 10, cached = 1.25 }"
    file.write_text(f'[connections.paid]\nbase_url = "{stub.url}"\n{prices}\n', encoding="utf-8")
    return str(file)


def call(**changes: Any) -> ModelCall:
    usual = {"owner": "ada", "connection": "default", "model": "m", "status": "complete", "duration_ms": 900}
    took = {"prompt_tokens": 10, "completion_tokens": 5, "cost_pico": 3, "first_token_ms": 250}
    return ModelCall(**{**usual, **took, "created_at": NOON, "surface": "api", **changes})


def test_calls_are_added_up_by_what_they_have_in_common(store: Store) -> None:
    calls = [
        call(),
        call(owner="bob", model="n", connection="other", surface="page", cost_pico=7),
        call(
            created_at=NOON - timedelta(days=1),
            status="failed",
            prompt_tokens=None,
            completion_tokens=None,
            cost_pico=0,
        ),
        call(created_at=NOON - timedelta(days=99)),
        call(cost_pico=None, is_estimated=True),
    ]
    store.model_calls.add_many(calls[:2])
    store.model_calls.add_many(calls)  # the first two once more, as after a failed try
    span = {"since": date(2026, 11, 1), "until": date(2026, 11, 20)}
    names = {by: [row.name for row in store.usage.by(by, **span).rows] for by in DIMENSIONS}
    assert names == {
        "day": ["2026-11-19", "2026-11-20"],
        "model": ["n", "m"],
        "connection": ["other", "default"],
        "key": ["bob", "ada"],
        "surface": ["page", "api"],
    }
    for by in DIMENSIONS:
        total = store.usage.by(by, **span).total
        assert (total.calls, total.failures, total.unpriced, total.estimated) == (4, 1, 1, 1)
        assert (total.prompt_tokens, total.completion_tokens, total.cost_pico) == (30, 15, 10)
    own = store.usage.by("day", owner="ada", **span)
    assert (own.total.calls, own.total.cost_pico) == (3, 3)
    assert [row.calls for row in store.usage.by("key", owner="ada", **span).rows] == [3]


def test_percentiles_are_as_true_as_the_steps_they_are_counted_in(store: Store) -> None:
    chance = random.Random(7)
    times = sorted(int(chance.lognormvariate(6.5, 1)) for _ in range(2000))
    store.model_calls.add_many([call(first_token_ms=ms) for ms in times])
    told = store.usage.by("day", since=NOON.date(), until=NOON.date()).total.first_token_ms
    assert told is not None
    assert told.p50 == pytest.approx(times[1000], rel=0.2)
    assert told.p95 == pytest.approx(times[1900], rel=0.2)


def test_calls_that_failed_or_were_stopped_make_whole_answers_no_quicker(store: Store) -> None:
    cut = [call(status=status, duration_ms=2) for status in ("failed", "incomplete", "interrupted", "stopped")]
    store.model_calls.add_many([*cut, call(duration_ms=900)])
    told = store.usage.by("day", since=NOON.date(), until=NOON.date()).total
    assert told.calls == 5
    assert told.duration_ms is not None
    assert told.duration_ms.p50 > 500

    store.model_calls.add_many([call(status="failed", model="n")])
    (failed,) = [row for row in store.usage.by("model", since=NOON.date(), until=NOON.date()).rows if row.name == "n"]
    assert failed.duration_ms is None


def test_usage_of_an_earlier_version_is_there_after_the_update(tmp_path: Path) -> None:
    from chatapp.backend.store.database import open_database  # noqa: PLC0415
    from chatapp.backend.store.migration import upgrade  # noqa: PLC0415

    settings = Settings(data_dir=tmp_path / "old")
    database = open_database(settings)
    with database.write() as connection:
        upgrade(connection, "0007")
        connection.exec_driver_sql(
            "INSERT INTO model_calls (id, created_at, owner, connection, model, surface, status, prompt_tokens, "
            "is_estimated, first_token_ms, duration_ms) VALUES ('1', '2026-11-20 23:59:59.000000', 'ada', 'c', 'm', "
            "NULL, 'failed', 7, false, 250, 900)"
        )
    database.close()
    store = Store.open(settings)
    for by, name in {"day": "2026-11-20", "model": "m", "connection": "c", "key": "ada", "surface": ""}.items():
        (row,) = store.usage.by(by, since=NOON.date(), until=NOON.date()).rows  # type: ignore[arg-type]
        assert (row.name, row.calls, row.failures, row.unpriced, row.prompt_tokens) == (name, 1, 1, 1, 7)
        assert row.first_token_ms is not None
        assert 200 <= row.first_token_ms.p50 <= 300
    store.close()


def mixed(stub: StubModel, number: int) -> tuple[str, dict[str, Any]]:
    """Return what to ask as the `number`th question, and prepare its answer: whole, uncounted, refused or cut."""
    prompt, cached = 100 + number, number % 100
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": number % 37,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    usage["total_tokens"] = prompt + number % 37
    name = f"m{number}"
    kinds = {
        0: scripts.answer("Yes.", {"choices": [], "usage": usage}, usage=False),
        1: scripts.answer("Uncounted.", usage=False),
        2: scripts.status(400, "No."),
        3: scripts.answer("Cut", done=False, finish=None),
    }
    stub.models[name] = kinds[number % 7 if number % 7 in {1, 2, 3} else 0]
    return f"paid/{name}", usage


def test_sums_agree_to_the_last_digit_wherever_they_are_told(
    run_backend: RunBackend, stub: StubModel, priced: str, chatapp: Callable[..., Any]
) -> None:
    backend = run_backend(connections=priced)
    asked = [mixed(stub, number) for number in range(300)]

    def ask(place: int) -> str | None:
        model = asked[place][0]
        with BackendClient(backend.url, timeout_s=20) as client:
            try:
                return (client.ask("Why?", model=model).usage_details or {}).get("cost")
            except ChatappError:
                return None

    with ThreadPoolExecutor(8) as several:
        answered = list(several.map(ask, range(300)))
    counted = [place for place in range(300) if place % 7 not in {1, 2, 3}]
    for place in counted:  # each by itself, as the server's own record has it
        usage = asked[place][1]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        pico = (
            (usage["prompt_tokens"] - cached) * 2_500_000 + cached * 1_250_000 + usage["completion_tokens"] * 10_000_000
        )
        assert answered[place] == dollars(pico)
    wait_for(lambda: backend.client.usage().total.calls == stub.hits)
    told = {by: backend.client.usage(by=by) for by in DIMENSIONS}
    store: Store = backend.app.state.store
    calls = store.model_calls.between(datetime(2000, 1, 1, tzinfo=UTC))
    total = sum(one.cost_pico or 0 for one in calls)
    assert (
        sum(picodollars(cost) for cost in answered if cost)
        + sum(one.cost_pico or 0 for one in calls if one.status != "complete")
        == total
    )
    for by, usage in told.items():
        assert picodollars(usage.total.cost) == total
        assert sum(picodollars(row.cost) for row in usage.rows) == total
        lines = list(csv.DictReader(io.StringIO(backend.client.usage_csv(by=by))))
        assert sum(picodollars(line["cost"]) for line in lines) == total
        assert [line[by] for line in lines] == [row.name for row in usage.rows]
    shown = json.loads(chatapp("usage", "--json", "--backend-url", backend.url).stdout)
    assert shown["total"]["cost"] == dollars(total)
    assert told["day"].total.unpriced_calls == 0
    assert told["connection"].rows[0].name == "paid"


def test_usage_is_told_without_a_running_backend(
    backend: RunningBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.client.ask("Why?")
    backend.stop()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("chatapp.cli.backends.DEFAULT_BACKEND_URL", backend.url)
    assert run_usage(backend_url=None, by="day", days=1, everybody=False, as_json=True, as_csv=False) == 0
    assert json.loads(capsys.readouterr().out)["total"]["calls"] == 1


def test_a_name_of_several_lines_is_one_row(backend: RunningBackend, capsys: pytest.CaptureFixture[str]) -> None:
    backend.client.ask("Why?", model="a\nb\x1b[31m")
    wait_for(lambda: backend.client.usage().total.calls == 1)
    run_usage(backend_url=backend.url, by="model", days=1, everybody=False, as_json=False, as_csv=False)
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[:3]] == ["model", "a b[31m", "total"]


def test_a_price_that_nobody_knows_is_told_in_the_shell_at_any_width(
    backend: RunningBackend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown() -> list[str]:
        run_usage(backend_url=backend.url, by="model", days=1, everybody=False, as_json=False, as_csv=False)
        return capsys.readouterr().out.splitlines()[:-2]

    usual = {"owner": "", "connection": "c", "status": "complete", "duration_ms": 900, "prompt_tokens": 7}
    usual["created_at"] = datetime.now(UTC)
    calls = [ModelCall(**usual, model="\u65e5\u672c"), ModelCall(**usual, model="b", cost_pico=10**12)]
    backend.app.state.store.model_calls.add_many(calls)
    head, *rows = shown()
    assert [row.split("  ")[0] for row in rows] == ["b", "\u65e5\u672c", "total"]
    costs = ["$1.00", "unknown", "$1.00 and more"]
    assert [
        row.index(cost) + len(cost) + columns_of(row) - len(row) for row, cost in zip(rows, costs, strict=True)
    ] == [head.index("cost") + len("cost")] * 3
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    narrow = shown()
    assert max(map(columns_of, narrow)) <= 40
    assert [line for line in narrow if not line.startswith(" ")] == ["b", "\u65e5\u672c", "total"]


def test_usage_of_others_is_for_the_keys_of_admin_keys(run_backend: RunBackend) -> None:
    backend = run_backend(api_keys="ada:key-a,bob:key-b", admin_keys="bob", budgets="ada:1/day,bob:1/day,*:2/day")
    with BackendClient(backend.url, api_key="key-a") as ada, BackendClient(backend.url, api_key="key-b") as bob:
        ada.ask("Why?")
        wait_for(lambda: ada.usage().total.calls == 1)
        assert bob.usage().total.calls == 0
        assert [row.name for row in bob.usage(by="key", scope="all").rows] == ["ada"]
        budgets = [[budget.who for budget in one.usage(scope=scope).budgets] for one, scope in
                   ((ada, "own"), (bob, "own"), (bob, "all"))]  # fmt: skip
        assert budgets == [["ada"], ["bob", "*"], ["ada", "bob", "*"]]
        with pytest.raises(ForbiddenError):
            ada.usage(scope="all")


def test_a_conversation_tells_what_all_its_answers_took(backend: RunningBackend) -> None:
    first = backend.client.ask("Why?", store=True)
    backend.client.ask("And then?", conversation_id=first.conversation_id)
    with backend.client.conversations.regenerate(str(first.conversation_id)) as events:
        list(events)
    usage = lambda: backend.client.conversations.usage(str(first.conversation_id))  # noqa: E731
    wait_for(lambda: usage().calls == 3)
    assert usage().total_tokens == 3 * scripts.USAGE["total_tokens"]


def test_a_name_in_a_csv_file_is_no_formula(backend: RunningBackend) -> None:
    backend.client.ask("Why?", model='=HYPERLINK("http://x")')
    wait_for(lambda: backend.client.usage().total.calls == 1)
    assert "\n\"'=HYPERLINK" in backend.client.usage_csv(by="model").replace("\r", "")


@pytest.mark.parametrize(
    "query", ["by=colour", "since=yesterday", "since=0.0", "since=2026-02-01&until=2026-01-01", "scope=theirs"]
)
def test_what_cannot_be_told_is_refused(shared: RunningBackend, query: str) -> None:
    assert requests.get(f"{shared.url}/usage?{query}", timeout=5).status_code == 422


@pytest.mark.parametrize("query", ["until=0001-01-01", "since=9999-12-31&until=9999-12-31"])
def test_days_at_the_ends_of_time_are_days(shared: RunningBackend, query: str) -> None:
    assert requests.get(f"{shared.url}/usage?{query}", timeout=5).json()["total"]["calls"] == 0
