"""What calls to models took, held against each other wherever it is told: `python tests/sums.py --calls 10000`.

Visitors ask through a backend with two workers, whole, streamed, as OpenAI's clients do and for embeddings; model
servers refuse, fail once, break off and do not count; some visitors leave, some stop their answers; the backend is
killed and started anew, and of the last one a worker is killed. Then answers, calls on record, `/usage`, its CSV, the
page's charts, `/metrics` and the model server's own record must agree to the last digit: each question that reached the
model server is one call on record.
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
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psutil
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
WORKERS_KILLED = 2
DIMENSIONS = ("day", "model", "connection", "key", "surface")
LAST_MOMENT_S = WRITE_EVERY_S + 1.0
PRICES = {"dear": "input = 2.512345, output = 10.1, cached = 1.250001", "cheap": "input = 0.075, output = 0.3"}
NOT_SET = {name.upper(): "" for name in Settings.model_fields}


@dataclass
class Record:
    """What the visitors were told, and what the model server has counted, by what was asked."""

    told: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """By turn: what was asked, and what it cost."""

    counted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Tokens of prompts and answers that were sent to their end."""

    reached: Counter[str] = field(default_factory=Counter)
    """Questions that came to the model server, by the model they were for."""

    outcomes: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, turn_id: str, prompt: str, cost: str | None) -> None:
        with self._lock:
            self.told[turn_id] = prompt, cost

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
        record.counted[prompt] = tokens, words
        await scripts.answer(*steps, {"choices": [], "usage": usage}, usage=False)(exchange)

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
    made = {
        "fine": fine,
        "failing-once": failing_once(fine),
        "refusing": scripts.status(400, "No."),
        "cut": scripts.answer(*["word "] * 5, scripts.reset),
        "uncounted": scripts.answer(*["word "] * 5, usage=False),
        "embedding": scripts.EMBEDDINGS,
    }
    return {name: noting(name, script, record) for name, script in made.items()}


def noting(name: str, then: scripts.Script, record: Record) -> scripts.Script:
    async def script(exchange: Exchange) -> None:
        record.reached[name] += 1
        await then(exchange)

    return script


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
    """The backend, which comes and goes."""

    def __init__(self, env: dict[str, str]) -> None:
        self.url = ""
        self._env = env
        self._serving: Serving

    @contextmanager
    def open(self) -> Iterator[None]:
        """Let it be there, until it is killed."""
        with Serving("--workers", "2", env=self._env) as self._serving:
            self.url = self._serving.url
            yield

    def kill_a_worker(self) -> None:
        """Kill the older of its workers; the other goes on, and another comes."""
        workers = [child for child in self._serving.descendants() if is_worker(child)]
        min(workers, key=psutil.Process.create_time).kill()


def is_worker(process: psutil.Process) -> bool:
    """Return whether a process of a backend answers questions; one that has ended does not."""
    with suppress(psutil.Error):
        return any("spawn_main" in word for word in process.cmdline())
    return False


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
        for part in range(1, KILLS + 1):
            with ThreadPoolExecutor(VISITORS) as threads, place.open():
                asking = visitors(threads, place, record, calls * part // (KILLS + 1))
                while not any(visitor.done() for visitor in asking):  # the others are in the middle
                    time.sleep(0.01)
        left = {path.name for path in Path(folder, "calls").glob("*.calls")}
        with ThreadPoolExecutor(VISITORS) as threads, place.open():
            while left & {path.name for path in Path(folder, "calls").glob("*.calls")}:
                time.sleep(0.1)
            before = Told.by(place.url)
            asking = visitors(threads, place, record, calls)
            kill_workers(place, record, calls)
            for visitor in asking:
                visitor.result()
            time.sleep(LAST_MOMENT_S)
            faults = disagreements(place, record, folder, before)
    for outcome, count in sorted(record.outcomes.items()):
        print(f"{count:7} {outcome}")
    print("\n".join(faults) or "all sums agree")
    return int(bool(faults))


def visitors(threads: ThreadPoolExecutor, place: Place, record: Record, until: int) -> list[Future[None]]:
    """Let visitors ask, who are done when there are `until` outcomes."""
    return [threads.submit(visit, place, n, record, until) for n in range(VISITORS)]


def kill_workers(place: Place, record: Record, until: int) -> None:
    """Kill a worker now and then while visitors ask, as long as there is time for another to come."""
    begun = record.outcomes.total()
    for part in range(1, WORKERS_KILLED + 1):
        while record.outcomes.total() < begun + (until - begun) * part // (WORKERS_KILLED + 1):
            time.sleep(0.01)
        place.kill_a_worker()


class Told(NamedTuple):
    """The picodollars and the calls of each connection, as `/usage` tells them and as `/metrics` does."""

    used: dict[str, tuple[int, int]]
    metered: dict[str, tuple[int, int]]

    @classmethod
    def by(cls, url: str) -> "Told":
        """Return what the backend at `url` tells."""
        with BackendClient(url, timeout_s=60) as backend:
            used = {row.name: (picodollars(row.cost), row.calls) for row in backend.usage(by="connection").rows}
        cost, calls = Counter[str](), Counter[str]()
        for family in text_string_to_metric_families(requests.get(f"{url}/metrics", timeout=30).text):
            for sample in family.samples:
                if sample.name == "chatapp_cost_dollars_total":
                    cost[sample.labels["connection"]] += round(sample.value * PICO)
                if sample.name == "chatapp_model_calls_total":
                    calls[sample.labels["connection"]] += int(sample.value)
        return cls(used, {name: (cost[name], calls[name]) for name in PRICES})


def grown(after: dict[str, tuple[int, int]], before: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return by how much each has grown."""
    none = 0, 0
    return {
        name: (after[name][0] - before.get(name, none)[0], after[name][1] - before.get(name, none)[1])
        for name in PRICES
    }


def disagreements(place: Place, record: Record, folder: str, before: Told) -> list[str]:
    """Return what does not agree."""
    store = Store.open(Settings.load(data_dir=Path(folder)))
    calls = store.model_calls.between(datetime(2000, 1, 1, tzinfo=UTC))
    store.close()
    total = sum(call.cost_pico or 0 for call in calls)
    lost = sum(call.status == "interrupted" for call in calls)
    print(f"{len(calls):7} calls on record, {lost} of them lost in {KILLS + WORKERS_KILLED} kills")
    print(f"{record.reached.total():7} questions reached the model server")
    print(f"{len(record.told):7} answers were told what they cost; all is {dollars(total)} dollars")
    faults = [*_of_answers(calls, record), *_of_the_server(calls, record), *_of_usage(place.url, total)]
    after = Told.by(place.url)
    if grown(after.metered, before.metered) != grown(after.used, before.used):
        faults.append(f"/metrics from {before.metered} to {after.metered}, /usage from {before.used} to {after.used}")
    return faults


def _of_answers(calls: list[ModelCall], record: Record) -> Iterator[str]:
    """Yield each answer that is not on record as it was told, or not as the model server counted it."""
    by_turn: dict[str, list[ModelCall]] = {}
    for call in calls:
        by_turn.setdefault(call.turn_id or "", []).append(call)
    for turn_id, (prompt, cost) in record.told.items():
        made = by_turn.get(turn_id)
        if made is None:
            yield f"turn {turn_id} is not on record"
            continue
        if cost is None or picodollars(cost) != sum(call.cost_pico or 0 for call in made):
            yield f"turn {turn_id} was told {cost}"
        last = made[-1]
        if not last.is_estimated and record.counted.get(prompt) != (last.prompt_tokens, last.completion_tokens):
            yield f"turn {turn_id} was counted as {record.counted.get(prompt)}"


def _of_the_server(calls: list[ModelCall], record: Record) -> Iterator[str]:
    """Yield each model of which the server has seen another number of questions, or other counts.

    A call that was lost may have been so before its question was there, and an answer read by nobody to its end.
    """
    for name, reached in record.reached.items():
        made = [call for call in calls if call.model.rpartition("/")[2] == name]
        lost = sum(call.status == "interrupted" for call in made)
        print(f"{reached:7} questions for {name}, {len(made)} calls on record, {lost} of them lost")
        if not len(made) - lost <= reached <= len(made):
            yield f"{reached} questions reached {name}, of which {len(made)} are on record"
    of_record = Counter((call.prompt_tokens, call.completion_tokens) for call in calls if _is_counted(call))
    of_server = Counter[tuple[int | None, int | None]](record.counted.values())
    if more := of_record - of_server:
        yield f"{more} is on record, and the model server has not counted it"
    guessed = sum(call.is_estimated for call in calls if call.model.rpartition("/")[2] in {"fine", "failing-once"})
    if (of_server - of_record).total() > guessed:
        yield f"{(of_server - of_record).total()} answers were counted otherwise, and {guessed} estimated"


def _is_counted(call: ModelCall) -> bool:
    return call.prompt_tokens is not None and not call.is_estimated and call.surface is not None and bool(call.turn_id)


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
