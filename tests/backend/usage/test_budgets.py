"""Budgets: never more is spent than they allow, however many ask at once and whoever dies on the way."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from chatapp.backend.models.attempts import Destination
from chatapp.backend.models.chat_model import ModelRequest
from chatapp.backend.store import Amount, ModelCall, Store
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.backend.usage import budgets, ledger
from chatapp.backend.usage.budget_words import renewal
from chatapp.backend.usage.budgets import Budgets
from chatapp.client import BackendClient
from chatapp.config.budgets import parse_budgets
from chatapp.config.settings import Settings
from chatapp.errors import BudgetExceededError, SettingsError, UpstreamUnavailableError
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import Message
from chatapp.protocol.money import PICO, picodollars
from support import scripts
from support.running_backend import RunningBackend, backend_before
from support.stub_model import StubModel
from support.turn_steps import wait_for

NOW = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
GONE = this_process().rpartition(":")[0].rpartition(":")[0] + ":4194303:00000000"
RunBackend = Callable[..., RunningBackend]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write ten times as often as in earnest, and let the end of an answer wait for it however busy the machine is."""
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 0.1)
    monkeypatch.setattr(budgets, "SETTLE_S", 30.0)


@pytest.fixture
def connections(stub: StubModel, tmp_path: Path) -> str:
    """A file of connections: the stub where a token costs a cent."""
    file = tmp_path / "connections.toml"
    prices = "prices = { input = 10000, output = 10000 }"
    file.write_text(f'[connections.paid]\nbase_url = "{stub.url}"\n{prices}\n', encoding="utf-8")
    stub.default = as_long_as_allowed
    return str(file)


async def as_long_as_allowed(exchange: Any) -> None:
    """Answer with as many tokens as were asked for, as a model that has much to say."""
    body = exchange.call.body
    prompt = sum(len(message["content"]) for message in body["messages"])
    usage = {"prompt_tokens": prompt, "completion_tokens": body.get("max_tokens", 9999)}
    usage["total_tokens"] = prompt + usage["completion_tokens"]
    await scripts.answer("So ", 0.05, "be it.", {"choices": [], "usage": usage}, usage=False)(exchange)


def spend(client: BackendClient, **options: Any) -> int | None:
    """Ask, and return the picodollars that it cost; None where a budget was in the way."""
    try:
        usage = client.ask("Why?", model="paid/m", **options).usage_details
    except BudgetExceededError:
        return None
    assert usage is not None
    return picodollars(str(usage["cost"]))


GOOD = {
    "ann:5/day": ("ann", 5 * PICO, "dollars", "day"),
    " * : 0.25/month": ("*", PICO // 4, "dollars", "month"),
    "connection/openai:50.000001/month": ("connection/openai", 50 * PICO + 10**6, "dollars", "month"),
    "ann@example.org:200000 tokens/day": ("ann@example.org", 200_000, "tokens", "day"),
    "ann:7tokens/month": ("ann", 7, "tokens", "month"),
}


@pytest.mark.parametrize("written", GOOD)
def test_budgets_are_read(written: str) -> None:
    (budget,) = parse_budgets(written)
    assert budget[:4] == GOOD[written]


@pytest.mark.parametrize(
    "written",
    ["5", "ann:5", "ann:5/hour", "ann:-5/day", "ann:1e3/day", "a b:5/day", ":5/day", "ann:1.5 tokens/day", "*/day"],
)
def test_what_is_no_budget_is_refused_in_one_sentence(written: str) -> None:
    with pytest.raises(SettingsError, match=r"BUDGETS is .* it must be budgets such as ann:5/day"):
        Settings.load(budgets=written)


def test_budgets_renew_at_midnight_and_on_the_first() -> None:
    day, month = parse_budgets("a:1/day,a:1/month")
    assert renewal(day, NOW) == renewal(month, NOW) == datetime(2027, 1, 1, tzinfo=UTC)
    assert renewal(month, datetime(2026, 1, 31, 5, tzinfo=UTC)) == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("unit", ["dollars", "tokens"])
def test_fifty_at_once_on_two_backends_never_spend_more(
    stub: StubModel, connections: str, store_settings: Settings, unit: str
) -> None:
    address = store_settings.database_url
    budget = "*:20/day" if unit == "dollars" else "*:2000 tokens/day"
    settings = {"connections": connections, "budgets": budget, "database_url": address}
    with ExitStack() as running:
        backends = [running.enter_context(backend_before(stub, store_settings.data_dir, **settings)) for _ in range(2)]
        clients = [running.enter_context(BackendClient(each.url, timeout_s=30)) for each in backends]
        with ThreadPoolExecutor(50) as several:
            spent = list(several.map(lambda place: spend(clients[place % 2], max_tokens=100), range(50)))
        wait_for(lambda: clients[0].usage().budgets[0].reserved == "0")
        (budget_told,) = clients[0].usage().budgets
        total = clients[0].usage().total
    paid = [cost for cost in spent if cost is not None]
    assert sum(paid) == picodollars(total.cost)
    assert 10 * PICO < sum(paid) <= 20 * PICO
    assert total.total_tokens <= 2000
    assert picodollars(budget_told.spent) in {sum(paid), total.total_tokens * PICO}
    assert stub.hits == len(paid) == total.calls


def test_beyond_the_budget_one_learns_what_was_spent_and_when_it_renews(
    run_backend: RunBackend, connections: str
) -> None:
    backend = run_backend(connections=connections, api_keys="ann:key-a,bob:key-b", budgets="ann:1/month")
    with BackendClient(backend.url, api_key="key-a") as ann, BackendClient(backend.url, api_key="key-b") as bob:
        assert spend(ann, max_tokens=50) == 54 * PICO // 100
        wait_for(lambda: ann.usage().budgets[0].spent == "0.54")
        assert spend(ann) is not None  # shorter than it would be without
        wait_for(lambda: ann.usage().budgets[0].reserved == "0")
        with pytest.raises(BudgetExceededError) as refused:
            list(ann.stream("Why?", model="paid/m"))
        assert refused.value.detail.startswith("The budget of ann has not enough left: $0.")
        assert refused.value.detail.endswith(" of $1 a month spent.")
        renews = renewal(parse_budgets("ann:1/month")[0], datetime.now(UTC))
        assert refused.value.hint == f"It renews on {renews:%Y-%m-%d} at 00:00 UTC."
        assert refused.value.retry_after == pytest.approx((renews - datetime.now(UTC)).total_seconds(), abs=30)
        assert ann.ask("Why?", model="stub-model").answer == "So be it."  # which costs nothing
        assert spend(bob, max_tokens=50) is not None


def test_whoever_has_an_answer_may_spend_the_rest_at_once(
    run_backend: RunBackend, connections: str, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 600)
    counted = {"prompt_tokens": 20, "total_tokens": 20}
    vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
    stub.models["e"] = scripts.respond(200, {"object": "list", "model": "e", "data": [vector], "usage": counted})
    backend = run_backend(connections=connections, budgets="*:1.5/day")
    embeddings, wanted = f"{backend.url}/v1/embeddings", {"model": "paid/e", "input": "Why?"}
    assert spend(backend.client, max_tokens=16) == PICO // 5  # 0.54 are put aside for each
    assert requests.post(embeddings, json=wanted, timeout=10).status_code == 200
    stub.next(scripts.status(404))
    assert requests.post(embeddings, json=wanted, timeout=10).status_code == 404
    assert backend.client.usage().budgets[0].reserved == "0"
    with backend.client.stream("Why?", model="paid/m", max_tokens=16) as events:
        list(events)
    assert spend(backend.client, max_tokens=16) == PICO // 5
    (budget,) = backend.client.usage().budgets
    assert (budget.spent, budget.reserved) == ("0.8", "0")


def test_an_answer_is_as_long_as_the_budget_allows(run_backend: RunBackend, connections: str, stub: StubModel) -> None:
    backend = run_backend(connections=connections, budgets="connection/paid:2/day")
    assert spend(backend.client, max_tokens=10) == 14 * PICO // 100
    assert stub.calls[-1].body["max_tokens"] == 10
    assert spend(backend.client) is not None
    assert 100 < stub.calls[-1].body["max_tokens"] < 200


def test_at_four_fifths_there_is_a_notice(run_backend: RunBackend, connections: str) -> None:
    backend = run_backend(connections=connections, budgets="*:100/day,*:999/month")
    spend(backend.client, max_tokens=8000)
    wait_for(lambda: backend.client.usage().budgets[0].spent == "80.04")
    with backend.client.stream("Why?", model="paid/m", max_tokens=10) as events:
        notices = [event for event in events if isinstance(event, Notice)]
    assert [notice.code for notice in notices] == ["budget_low"]
    assert notices[0].text.startswith("80 % of the budget of all keys together is spent: $80.04 of $100 a day.")


def test_a_price_that_nobody_knows_is_no_way_around_a_budget(run_backend: RunBackend, tmp_path: Path) -> None:
    file = tmp_path / "connections.toml"
    file.write_text('[connections.far]\nbase_url = "https://llm.example.org/v1"\n', encoding="utf-8")
    backend = run_backend(connections=str(file), budgets="*:5/day")
    with pytest.raises(BudgetExceededError, match="Nobody knows what m costs"):
        backend.client.ask("Why?", model="far/m")


def test_a_stopped_answer_is_settled_and_gives_back_the_rest(
    run_backend: RunBackend, connections: str, stub: StubModel
) -> None:
    backend = run_backend(connections=connections, budgets="*:1/day")
    stub.next(scripts.answer("Well,", scripts.PATIENCE_S, "no."))
    with backend.client.stream("Why?", model="paid/m", max_tokens=60) as events:
        next(event for event in events if getattr(event, "text", ""))
        assert picodollars(backend.client.usage().budgets[0].reserved) > PICO // 2
    wait_for(lambda: backend.client.usage().budgets[0].reserved == "0")
    (budget,) = backend.client.usage().budgets
    assert 0 < picodollars(budget.spent) < PICO // 5


def call_of(call_id: str, **took: Any) -> ModelCall:
    """A call as it counts if its process dies."""
    usual = {"owner": "ann", "connection": "paid", "model": "m", "status": "interrupted", "duration_ms": 0}
    return ModelCall(**{**usual, "created_at": datetime.now(UTC), "is_estimated": True, "id": call_id, **took})


@pytest.mark.parametrize("process_id", [GONE, "another-machine:1:0"])
def test_a_call_whose_process_was_killed_counts_as_it_was_estimated(store: Store, process_id: str) -> None:
    estimate = call_of("x", prompt_tokens=4, completion_tokens=21, cost_pico=PICO // 4)
    with store.reservations.book(is_gone=lambda _: False) as book:
        book.reserve(estimate, Amount(PICO, 100), process_id=process_id)
        if process_id != GONE:  # it is not known here whether it lives, but it is silent
            book.connection.execute(text("UPDATE reservations SET heartbeat_at = '1970-01-01 00:00:00'"))
    for _ in range(2):  # it counts once
        with store.reservations.book(is_gone=is_gone) as book:
            standing = book.standing(owner="ann", connection=None, since=estimate.created_at.date())
    assert standing == (Amount(PICO // 4, 25), Amount(0, 0))
    assert store.model_calls.between(estimate.created_at) == [estimate]


def test_a_process_does_not_take_itself_for_dead_when_it_was_busy(store: Store) -> None:
    with store.reservations.book(is_gone=is_gone) as book:
        book.reserve(call_of("x"), Amount(PICO, 100), process_id=this_process())
        book.connection.execute(text("UPDATE reservations SET heartbeat_at = '1970-01-01 00:00:00'"))
    with store.reservations.book(is_gone=is_gone, reader=this_process()) as book:
        assert book.standing(owner="ann", connection=None, since=NOW.date().replace(2000)).reserved == (PICO, 100)
    assert store.model_calls.between(NOW.replace(2000)) == []


def test_what_is_put_aside_for_an_answer_says_what_it_takes_at_most(
    run_backend: RunBackend, connections: str, stub: StubModel
) -> None:
    backend = run_backend(connections=connections, budgets="*:9/day")
    stub.next(scripts.answer("Well,", scripts.PATIENCE_S, "no."))
    store: Store = backend.app.state.store
    with backend.client.stream("Why?", model="paid/m", max_tokens=60) as events:
        next(event for event in events if getattr(event, "text", ""))
        with store.reservations.book(is_gone=lambda _: True) as book:  # as if the process were killed now
            assert book.standing(owner=None, connection=None, since=NOW.date().replace(2000)).reserved == (0, 0)
        (call,) = store.model_calls.between(NOW.replace(2000))  # before the process, which lives, says how it ended
    assert (call.status, call.is_estimated, call.model, call.surface) == ("interrupted", True, "paid/m", "api")
    assert (call.prompt_tokens, call.completion_tokens, call.cost_pico) == (6, 60, 66 * PICO // 100)


def test_what_was_put_aside_for_a_call_that_is_not_made_comes_back(run_backend: RunBackend, connections: str) -> None:
    backend = run_backend(connections=connections, budgets="*:1/day")
    gate: Budgets = backend.app.state.budgets

    async def leave() -> None:
        wanted = ModelRequest([Message.of("user", "Why?")])
        admission = asyncio.create_task(
            gate.admit("x", wanted, owner="ann", destination=Destination("paid", "m"), model="paid/m")
        )
        await asyncio.sleep(0)
        admission.cancel()
        await asyncio.wait([admission])
        await gate.settle("x")

    backend.run(leave())
    (budget,) = backend.client.usage().budgets
    assert (budget.spent, budget.reserved) == ("0", "0")


def test_what_a_living_process_put_aside_does_not(run_backend: RunBackend, connections: str) -> None:
    backend = run_backend(connections=connections, budgets="*:1/day")
    store: Store = backend.app.state.store
    with store.reservations.book(is_gone=lambda _: False) as book:
        book.reserve(call_of("x"), Amount(PICO, 0), process_id="another-machine:1:0")
    with pytest.raises(BudgetExceededError, match=r"and \$1.00 put aside for answers that are being made") as refused:
        backend.client.ask("Why?", model="paid/m", max_tokens=20)
    assert refused.value.retry_after == 5
    assert backend.client.usage().total.calls == 0


def test_any_number_of_calls_may_be_made_at_once(store: Store) -> None:
    ids = [str(number) for number in range(66_000)]  # more than SQLite and PostgreSQL take in one statement
    with store.reservations.book(is_gone=lambda _: False) as book:
        book.reserve(call_of(ids[-1]), Amount(PICO, 0), process_id="p")
        book.connection.execute(text("UPDATE reservations SET heartbeat_at = '1970-01-01 00:00:00'"))
    store.reservations.heartbeat("p", ids)
    with store.reservations.book(is_gone=lambda _: False) as book:
        assert book.standing(owner="ann", connection=None, since=NOW.date()).reserved.pico == PICO


def test_embeddings_and_openai_s_clients_stop_at_a_budget_too(
    run_backend: RunBackend, connections: str, stub: StubModel
) -> None:
    backend = run_backend(connections=connections, budgets="connection/paid:0.5/day")
    counted = {"prompt_tokens": 40, "total_tokens": 40}
    vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
    stub.models["e"] = scripts.respond(200, {"object": "list", "model": "e", "data": [vector], "usage": counted})

    def post(path: str, **body: Any) -> requests.Response:
        return requests.post(f"{backend.url}/v1/{path}", json={"model": "paid/e", **body}, timeout=10)

    assert post("embeddings", input="a" * 20).status_code == 200
    wait_for(lambda: backend.client.usage().budgets[0].spent == "0.4")
    asked = stub.hits
    refused = post("embeddings", input="a" * 20)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_exceeded")
    refused = post("chat/completions", messages=[{"role": "user", "content": "Why?"}])
    assert refused.json()["error"]["code"] == "budget_exceeded"
    assert refused.headers["x-should-retry"] == "false"
    assert "$0.40 of $0.5 a day spent" in refused.json()["error"]["message"]
    assert stub.hits == asked


NO_LIMITS: list[tuple[str, dict[str, Any]]] = [
    ("chat/completions", {"max_tokens": 16, "max_completion_tokens": 10_000}),
    ("chat/completions", {"max_tokens": 16, "n_predict": -1}),
    ("responses", {"max_tokens": -1}),
    ("responses", {"max_completion_tokens": -100_000}),
    ("responses", {"n": -1}),
    ("responses", {"n": "all", "max_tokens": "all"}),
    ("responses", {"messages": [{"role": "user", "content": "Something else, which nobody has counted."}]}),
]


def test_no_parameter_is_a_way_around_a_budget(run_backend: RunBackend, connections: str, stub: StubModel) -> None:
    backend = run_backend(connections=connections, budgets="*:1000/day")
    for path, wanted in NO_LIMITS:
        asked = {"messages": [{"role": "user", "content": "Why?"}]} if "chat" in path else {"input": "Why?"}
        response = requests.post(f"{backend.url}/v1/{path}", json={"model": "paid/m", **asked, **wanted}, timeout=10)
        assert response.status_code == 200, response.text
        body = stub.calls[-1].body
        assert body["messages"] == [{"role": "user", "content": "Why?"}]
        limits = {body[name] for name in ("max_tokens", "max_completion_tokens", "n_predict") if name in body}
        assert len(limits) == 1
        assert 1 <= limits.pop() <= 4096
        assert "n" not in body


@pytest.mark.parametrize(
    "asked", [{"service_tier": "priority"}, {"web_search_options": {}, "plugins": [{"id": "web"}]}]
)
def test_a_budget_in_dollars_knows_what_is_asked_for_beside_tokens(
    run_backend: RunBackend, connections: str, stub: StubModel, asked: dict[str, Any]
) -> None:
    backend = run_backend(connections=connections, budgets="*:5/day")
    body = {"model": "paid/m", "messages": [{"role": "user", "content": "Why?"}], **asked}
    refused = requests.post(f"{backend.url}/v1/chat/completions", json=body, timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_exceeded")
    assert refused.json()["error"]["message"].startswith("Nobody knows what m costs")
    assert not stub.hits


def test_a_limit_that_is_none_is_refused(backend: RunningBackend) -> None:
    for limit in (-1, 0, "all", [1]):
        body = {"messages": [{"role": "user", "content": "Why?"}], "max_completion_tokens": limit}
        response = requests.post(f"{backend.url}/v1/chat/completions", json=body, timeout=10)
        assert (response.status_code, response.json()["error"]["param"]) == (400, "max_completion_tokens")


def test_a_server_that_is_away_is_told_of_where_a_budget_holds(run_backend: RunBackend, tmp_path: Path) -> None:
    file = tmp_path / "away.toml"
    file.write_text('[connections.away]\nbase_url = "http://127.0.0.1:9/v1"\n', encoding="utf-8")
    settings = {"base_url": None, "openai_api_key": None, "model_name": None, "connections": str(file)}
    with pytest.raises(UpstreamUnavailableError):
        run_backend(**settings, budgets="*:5/day").client.ask("Why?")


ROUTES = """
[connections.paid]
base_url = "{url}"
models = {{ m = {{ prices = {{ input = 10000, output = 10000 }} }} }}
[connections.away]
base_url = "http://127.0.0.1:9/v1"
[connections.free]
base_url = "{url}"
[models.straight]
try = ["paid/m"]
[models.behind]
try = ["away/m", "paid/m"]
[models.before]
try = ["paid/m", "free/m"]
"""


def test_a_budget_holds_for_whichever_of_several_models_answers(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    stub.default = as_long_as_allowed
    file = tmp_path / "routes.toml"
    file.write_text(ROUTES.format(url=stub.url), encoding="utf-8")
    backend = run_backend(connections=str(file), budgets="connection/paid:1/day")
    straight = backend.client.ask("Why?", model="straight", max_tokens=40)
    assert straight.usage_details is not None
    assert straight.usage_details["cost"] == "0.44", "by the price of the model that the route leads to"
    wait_for(lambda: backend.client.usage().budgets[0].spent == "0.44")
    assert backend.client.ask("Why?", model="behind", max_tokens=16).answer == "So be it."
    wait_for(lambda: backend.client.usage().budgets[0].spent == "0.64")
    with pytest.raises(BudgetExceededError):
        backend.client.ask("Why?", model="straight")
    with pytest.raises(UpstreamUnavailableError):
        backend.client.ask("Why?", model="behind")
    with backend.client.stream("Why?", model="before") as events:
        told = [event.text for event in events if isinstance(event, Notice)]
    assert told[0].startswith("paid/m is not asked: The budget of the connection paid has not enough left: $0.64 of $1")
    assert told[0].endswith("free/m is asked instead.")


def test_the_budget_of_the_connection_that_is_asked_holds_for_many_at_once(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    stub.default = as_long_as_allowed
    file = tmp_path / "routes.toml"
    file.write_text(ROUTES.format(url=stub.url), encoding="utf-8")
    backend = run_backend(connections=str(file), budgets="connection/paid:1/day")

    def spend_behind(_: int) -> int | None:
        with BackendClient(backend.url) as client:
            try:
                usage = client.ask("Why?", model="behind", max_tokens=20).usage_details
            except (BudgetExceededError, UpstreamUnavailableError):
                return None
        assert usage is not None
        return picodollars(str(usage["cost"]))

    with ThreadPoolExecutor(20) as several:
        spent = [cost for cost in several.map(spend_behind, range(20)) if cost is not None]
    assert 0 < sum(spent) <= PICO
    wait_for(lambda: picodollars(backend.client.usage().total.cost) == sum(spent))
    assert stub.hits == len(spent)
