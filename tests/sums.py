"""What calls to models took, held against each other wherever it is told: `python tests/sums.py --calls 10000`.

Visitors ask through a backend with two workers, whole, streamed, as OpenAI's clients do and for embeddings; model
servers refuse, fail once, break off and do not count; some visitors leave, some stop their answers; and the backend is
killed and started anew. Then answers, calls on record, `/usage`, its CSV, the page's charts, `/metrics` and the model
server's own record must agree to the last digit. Of a killed backend only what was answered in its last moment may be
missing.
"""

import argparse
import csv
import io
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from prometheus_client.parser import text_string_to_metric_families

from chatapp.backend.store import ModelCall, Store
from chatapp.backend.usage.ledger import WRITE_EVERY_S
from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError
from chatapp.frontend.components.usage_charts import day_bars, row_bars
from chatapp.protocol.events import Done, Text
from chatapp.protocol.money import PICO, dollars, picodollars
from support import scripts
from support.commands import Serving
from support.stub_model import KEY, Exchange, StubModel

VISITORS = 12
KILLS = 3
DIMENSIONS = ("day", "model", "connection", "key", "surface")
LAST_MOMENT_S = WRITE_EVERY_S + 1.0
PRICES = {"dear": "input = 2.512345, output = 10.1, cached = 1.250001", "cheap": "input = 0.075, output = 0.3"}
NOT_SET = {name.upper(): "" for name in Settings.model_fields}


@dataclass
class Record:
    """What the visitors were told, and what the model server has counted, by what was asked."""

    told: dict[str, tuple[str, str | None, float]] = field(default_factory=dict)
    """By turn: what was asked, what it cost, and when that came."""

    counted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Tokens of prompts and answers that were sent to their end."""

    outcomes: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, turn_id: str, prompt: str, cost: str | None) -> None:
        with self._lock:
            self.told[turn_id] = prompt, cost, time.monotonic()

    def note(self, outcome: str) -> int:
        """Count an outcome, and return how many there are."""
        with self._lock:
            self.outcomes[outcome] += 1
            return self.outcomes.total()


def counting(record: Record) -> scripts.Script:
    """Answer with counts of which no two are alike, and remember them."""

    async def script(exchange: Exchange) -> None:
        prompt = exchange.call.body["messages"][-1]["content"]
        chance = random.Random(prompt)
        tokens, cached, words = chance.randint(50, 90_000), chance.randint(0, 49), chance.randint(1, 12)
        usage = {
            "prompt_tokens": tokens,
            "completion_tokens": words,
            "total_tokens": tokens + words,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        steps = [step for _ in range(words) for step in ("word ", 0.002)]
        await scripts.answer(*steps, {"choices": [], "usage": usage}, usage=False)(exchange)
        record.counted[prompt] = tokens, words

    return script


def failing_once(then: scripts.Script) -> scripts.Script:
    seen: set[str] = set()

    async def script(exchange: Exchange) -> None:
        prompt = exchange.call.body["messages"][-1]["content"]
        if prompt in seen:
            return await then(exchange)
        seen.add(prompt)
        return await scripts.status(500)(exchange)

    return script


def models(record: Record) -> dict[str, scripts.Script]:
    fine = counting(record)
    return {
        "fine": fine,
        "failing-once": failing_once(fine),
        "refusing": scripts.status(400, "No."),
        "cut": scripts.answer(*["word "] * 5, scripts.reset),
        "uncounted": scripts.answer(*["word "] * 5, usage=False),
        "embedding": scripts.EMBEDDINGS,
    }


def stream(url: str, chance: random.Random, record: Record, model: str) -> str:
    """Ask, and perhaps leave or stop."""
    prompt, leaves, stops = str(uuid4()), chance.random() < 0.1, chance.random() < 0.05
    with (
        BackendClient(url, timeout_s=60) as backend,
        backend.stream(prompt, model=model, store=chance.random() < 0.2) as events,
    ):
        for event in events:
            if isinstance(event, Text) and leaves:
                return "left"
            if isinstance(event, Text) and stops and events.start:
                backend.cancel(events.start.turn_id)
                stops = False
            if isinstance(event, Done) and events.start:
                record.tell(events.start.turn_id, prompt, (event.usage_details or {}).get("cost"))
    return "streamed"


def whole(url: str, _chance: random.Random, record: Record, model: str) -> str:
    """Ask for the answer in one piece."""
    prompt = str(uuid4())
    with BackendClient(url, timeout_s=60) as backend:
        answer = backend.ask(prompt, model=model)
    record.tell(answer.turn_id, prompt, (answer.usage_details or {}).get("cost"))
    return "whole"


def as_openai(url: str, chance: random.Random, _record: Record, model: str) -> str:
    """Ask as OpenAI's clients do."""
    body = {"model": model, "stream": chance.random() < 0.5, "messages": [{"role": "user", "content": str(uuid4())}]}
    return f"v1 {requests.post(f'{url}/v1/chat/completions', json=body, timeout=60).status_code}"


def embed(url: str, _chance: random.Random, _record: Record, model: str) -> str:
    """Ask for an embedding."""
    body = {"model": f"{model.partition('/')[0]}/embedding", "input": "word"}
    return f"embedded {requests.post(f'{url}/v1/embeddings', json=body, timeout=60).status_code}"


ACTS: dict[Callable[[str, random.Random, Record, str], str], int] = {stream: 6, whole: 3, as_openai: 2, embed: 1}
MODELS = {"fine": 8, "failing-once": 1, "refusing": 1, "cut": 1, "uncounted": 1}


class Place:
    """The backend, which comes and goes; `killed_at` are the moments in which it was killed."""

    def __init__(self, env: dict[str, str]) -> None:
        self.url = ""
        self.killed_at: list[float] = []
        self._env = env

    @contextmanager
    def open(self, *, ends_well: bool) -> Iterator[None]:
        with Serving("--workers", "2", env=self._env) as serving:
            self.url = serving.url
            yield
            if not ends_well:
                self.killed_at.append(time.monotonic())


def visit(place: Place, seed: int, record: Record, until: int) -> None:
    """Ask until there are `until` outcomes."""
    chance = random.Random(seed * 1000 + until)
    is_over = False
    while not is_over:
        (act,) = chance.choices(list(ACTS), weights=list(ACTS.values()))
        (name,) = chance.choices(list(MODELS), weights=list(MODELS.values()))
        model = f"{chance.choice(list(PRICES))}/{name}"
        try:
            outcome = act(place.url, chance, record, model)
        except ChatappError as error:
            outcome = f"failed: {error.code}"
        except requests.RequestException as error:
            outcome = f"cut: {type(error).__name__}"
        is_over = record.note(outcome) >= until


def main(calls: int) -> int:
    """Run, print what came of it, and give the exit code."""
    record = Record()
    with StubModel() as stub, tempfile.TemporaryDirectory() as folder:
        stub.models.update(models(record))
        file = Path(folder) / "connections.toml"
        tables = (
            f'[connections.{name}]\nbase_url = "{stub.url}"\nprices = {{ {prices} }}\n'
            for name, prices in PRICES.items()
        )
        file.write_text("".join(tables), encoding="utf-8")
        env = {**NOT_SET, "BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "DATA_DIR": folder, "CONNECTIONS": str(file)}
        place = Place(env)
        for part in range(1, KILLS + 2):
            is_last = part == KILLS + 1
            with place.open(ends_well=is_last), ThreadPoolExecutor(VISITORS) as visitors:
                before = usage_of(place.url)
                asking = [
                    visitors.submit(visit, place, n, record, calls * part // (KILLS + 1)) for n in range(VISITORS)
                ]
                if is_last:
                    for visitor in asking:
                        visitor.result()
                    time.sleep(LAST_MOMENT_S)
                    faults = disagreements(place, record, folder, before)
                else:
                    while not any(visitor.done() for visitor in asking):  # the others are in the middle
                        time.sleep(0.01)
    for outcome, count in sorted(record.outcomes.items()):
        print(f"{count:7} {outcome}")
    print("\n".join(faults) or "all sums agree")
    return int(bool(faults))


def usage_of(url: str) -> dict[str, int]:
    """Return the picodollars of each connection."""
    with BackendClient(url, timeout_s=60) as backend:
        return {row.name: picodollars(row.cost) for row in backend.usage(by="connection").rows}


def disagreements(place: Place, record: Record, folder: str, before: dict[str, int]) -> list[str]:
    """Return what does not agree."""
    store = Store.open(Settings.load(data_dir=Path(folder)))
    calls = store.model_calls.between(datetime(2000, 1, 1, tzinfo=UTC))
    store.close()
    total = sum(call.cost_pico or 0 for call in calls)
    print(f"{len(calls):7} calls on record, {dollars(total)} dollars, {len(place.killed_at)} kills")
    print(f"{len(record.told):7} answers were told what they cost")
    faults = [*_of_answers(calls, record, place.killed_at), *_of_usage(place.url, total)]
    after = usage_of(place.url)
    metered = Counter[str]()
    for family in text_string_to_metric_families(requests.get(f"{place.url}/metrics", timeout=30).text):
        for sample in family.samples:
            if sample.name == "chatapp_cost_dollars_total":
                metered[sample.labels["connection"]] += round(sample.value * PICO)
    grown = {name: after[name] - before.get(name, 0) for name in PRICES}
    if {name: metered[name] for name in PRICES} != grown:
        faults.append(f"/metrics tells {dict(metered)}, /usage {grown}")
    return faults


def _of_answers(calls: list[ModelCall], record: Record, killed_at: list[float]) -> Iterator[str]:
    """Yield each answer that is not on record as it was told, or not as the model server counted it."""
    by_turn: dict[str, list[ModelCall]] = {}
    for call in calls:
        by_turn.setdefault(call.turn_id or "", []).append(call)
    missing = 0
    for turn_id, (prompt, cost, told_at) in record.told.items():
        made = by_turn.get(turn_id)
        if made is None:
            missing += 1
            if not any(0 <= killed - told_at <= LAST_MOMENT_S for killed in killed_at):
                yield f"turn {turn_id} is not on record"
            continue
        if cost is None or picodollars(cost) != sum(call.cost_pico or 0 for call in made):
            yield f"turn {turn_id} was told {cost}"
        last = made[-1]
        if not last.is_estimated and record.counted.get(prompt) != (last.prompt_tokens, last.completion_tokens):
            yield f"turn {turn_id} was counted as {record.counted.get(prompt)}"
    print(f"{missing:7} answers of the last moment before a kill are not on record")


def _of_usage(url: str, total: int) -> Iterator[str]:
    """Yield each place where `/usage`, its CSV or the page's charts do not come to `total`."""
    with BackendClient(url, timeout_s=60) as backend:
        for by in DIMENSIONS:
            told = backend.usage(by=by)
            bars = day_bars(told, of_money=True) if by == "day" else row_bars(told.rows, of_money=True)
            lines = csv.DictReader(io.StringIO(backend.usage_csv(by=by)))
            sums: dict[str, Any] = {
                "total": picodollars(told.total.cost),
                "rows": sum(picodollars(row.cost) for row in told.rows),
                "CSV": sum(picodollars(line["cost"]) for line in lines),
                "charts": sum(bar.size for bar in bars),
            }
            yield from (
                f"{name} by {by}: {dollars(one)}, not {dollars(total)}" for name, one in sums.items() if one != total
            )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=10_000)
    with suppress(KeyboardInterrupt):
        sys.exit(main(arguments.parse_args().calls))
