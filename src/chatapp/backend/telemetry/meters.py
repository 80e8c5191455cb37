"""The counters of one process in Prometheus' form; those of several workers are added up when they are read."""

import os
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from chatapp.backend.store import ModelCall
from chatapp.protocol.money import PICO

_PICO_NAME = "chatapp_cost_picodollars"
Labelled = TypeVar("Labelled", Counter, Histogram)

_TOKENS: dict[str, Callable[[ModelCall], int | None]] = {
    "prompt": attrgetter("prompt_tokens"),
    "cached": attrgetter("cached_tokens"),
    "completion": attrgetter("completion_tokens"),
    "reasoning": attrgetter("reasoning_tokens"),
}
_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60)


class Meters:
    """What `GET /metrics` tells. `shared_folder` is where workers of one backend keep theirs, None for a single one.

    Cost is counted in whole picodollars: floats add these exactly up to $9,007 a worker, and dollars never.
    """

    def __init__(self, shared_folder: str | None) -> None:
        self._shared_folder = shared_folder
        self._children: dict[tuple[object, tuple[str, ...]], Any] = {}
        self._registry = registry = CollectorRegistry()
        calls, own = ["connection", "surface", "status", "error"], ["connection"]
        self._requests = Counter("chatapp_requests", "HTTP requests.", ["method", "route", "status"], registry=registry)
        self._calls = Counter("chatapp_model_calls", "Calls to models, each try by itself.", calls, registry=registry)
        self._tokens = Counter(
            "chatapp_tokens",
            "Tokens; cached are part of prompt, reasoning of completion.",
            [*own, "kind"],
            registry=registry,
        )
        self._unpriced = Counter("chatapp_unpriced_calls", "Calls of unknown price.", own, registry=registry)
        self._pico = Counter(_PICO_NAME, "Cost of calls to models in dollars.", own, registry=registry)
        self._first = Histogram(
            "chatapp_first_token_seconds", "From a call to its first token.", own, buckets=_BUCKETS_S, registry=registry
        )
        self._whole = Histogram(
            "chatapp_call_seconds", "Duration of calls to models.", own, buckets=_BUCKETS_S, registry=registry
        )
        self._turns = Gauge(
            "chatapp_active_turns", "Answers that are being made.", multiprocess_mode="livesum", registry=registry
        )
        self._store = Gauge(
            "chatapp_store_up",
            "1 while the store gives signs of life.",
            multiprocess_mode="livemostrecent",
            registry=registry,
        )

    def count_requests(self, requests: Iterable[tuple[str, str, int]]) -> None:
        """Count requests, each by its method, route and status."""
        for (method, route, status), count in Counts(requests).items():
            self._child(self._requests, method, route, str(status)).inc(count)

    def count_calls(self, calls: Iterable[ModelCall]) -> None:
        """Count calls to models: counters are raised by what all of a kind come to, at a third of the cost."""
        groups: dict[tuple[str, ...], list[ModelCall]] = {}
        for call in calls:
            kind = call.connection, call.surface or "", call.status, call.error_code or ""
            groups.setdefault(kind, []).append(call)
        for labels, group in groups.items():
            self._child(self._calls, *labels).inc(len(group))
            self._count_group(labels[0], group)

    def _count_group(self, connection: str, calls: Sequence[ModelCall]) -> None:
        for kind, tokens in _TOKENS.items():
            if count := sum([count for count in map(tokens, calls) if count and count > 0]):
                self._child(self._tokens, connection, kind).inc(count)
        costs = [call.cost_pico for call in calls if call.cost_pico is not None]
        if costs:
            self._child(self._pico, connection).inc(sum(costs))
        if len(costs) < len(calls):
            self._child(self._unpriced, connection).inc(len(calls) - len(costs))
        for call in calls:
            if call.first_token_ms is not None:
                self._child(self._first, connection).observe(call.first_token_ms / 1000)
            self._child(self._whole, connection).observe(call.duration_ms / 1000)

    def _child(self, meter: Labelled, *labels: str) -> Labelled:
        """Return what counts for `labels`. `labels()` of the package takes three times as long, and a lock."""
        child = self._children.get((meter, labels))
        if child is None:
            child = self._children[meter, labels] = meter.labels(*labels)
        return child

    def set_active_turns(self, count: int) -> None:
        """Note how many answers this process is making."""
        self._turns.set(count)

    def set_store_up(self, *, is_up: bool) -> None:
        """Note whether the store gives signs of life."""
        self._store.set(is_up)

    def exposition(self) -> bytes:
        """Return all meters of all workers in Prometheus' text format."""
        registry = self._registry
        if self._shared_folder is not None:
            _forget_dead(Path(self._shared_folder))
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=self._shared_folder)  # type: ignore[no-untyped-call]
        return generate_latest(_InDollars(registry))


class _InDollars(CollectorRegistry):
    """The meters of another registry, cost in dollars."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._other = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._other.collect():
            yield _dollars(metric) if metric.name == _PICO_NAME else metric


def _dollars(metric: Metric) -> Metric:
    told = CounterMetricFamily("chatapp_cost_dollars", metric.documentation, labels=["connection"])
    for sample in metric.samples:
        if sample.name.endswith("_total"):
            told.add_metric([sample.labels["connection"]], sample.value / PICO)
    return told


def _forget_dead(folder: Path) -> None:
    """Take what processes have set, not counted, out of the sums when they are gone."""
    pids = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*.db")}
    for pid in pids - {os.getpid()}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
        except OSError:
            pass
