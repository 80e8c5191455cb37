"""The backend under a steady load for some minutes, to be run by hand: `python tests/soak.py --minutes 30`.

Ten visitors at a time ask, leave, meet broken model servers and such that count oddly, go on with what was said, attach
files, ask as OpenAI's clients do, import, export one or all, look for things, throw them away, and send what nobody
should. What it prints at the end: memory and descriptors must not grow,
nothing may fail that should not, and what was acknowledged must be there.
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import psutil
import requests

from chatapp.config.settings import Settings
from support.commands import Serving
from support.soaking import ACTS, BROKEN, FINE, ODD_COUNTS, Acknowledged
from support.stub_model import KEY, StubModel

STREAMS = 10
FIRST_S = 10.0
"""How long the load lasts whose end is what the rest is compared with: connections and threads are there then."""

SETTLING_S = 20.0
"""Idle connections to the model server are closed by then."""

WARM_UP = 1 / 3
"""What of the time is left out where it is told how memory grows."""

SAMPLE_EVERY_S = 5.0
PROBE_EVERY_S = 0.5
MB = 1024 * 1024

NOT_SET = {name.upper(): "" for name in Settings.model_fields}


class Sample(NamedTuple):
    """What the backend's process holds at a time."""

    at: float
    memory_mb: float
    descriptors: int
    threads: int


class Findings(NamedTuple):
    """How the turns ended, what the process held meanwhile, and how many seconds `/health` took each time."""

    outcomes: Counter[str]
    samples: list[Sample]
    health_s: list[float]


def main(minutes: float) -> int:
    """Run, print what came of it, and give the exit code."""
    with StubModel() as stub, tempfile.TemporaryDirectory() as folder:
        stub.default = FINE
        stub.models.update(BROKEN | ODD_COUNTS)
        env = {**NOT_SET, "BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "DATA_DIR": folder, "GAP_TIMEOUT": "2"}
        with Serving(env=env) as backend:
            process = psutil.Process(backend._popen.pid)
            kept = Acknowledged()
            soak(backend.url, process, kept, seconds=FIRST_S)
            begin = settled(process)
            findings = soak(backend.url, process, kept, seconds=minutes * 60)
            end = settled(process)
            lost = kept.lost(backend.url)
            print(f"{len(kept.said):7} conversations, {len(kept.imported)} imports, {len(kept.purged)} deletions")
            print(f"{len(lost):7} of what was acknowledged is lost {sorted(set(lost))}")
    report(findings, begin, end)
    return int(bool(lost) or any(outcome.startswith("unexpected") for outcome in findings.outcomes))


def soak(url: str, process: psutil.Process, kept: Acknowledged, *, seconds: float) -> Findings:
    """Ask, probe and sample until the time is over."""
    is_over = threading.Event()
    with ThreadPoolExecutor(STREAMS + 2) as threads:
        asking = [threads.submit(visit, url, is_over, random.Random(seed), kept) for seed in range(STREAMS)]
        probing = threads.submit(probe, url, is_over)
        watching = threads.submit(watch, process, is_over)
        time.sleep(seconds)
        is_over.set()
        outcomes = sum((lane.result() for lane in asking), Counter[str]())
        return Findings(outcomes, watching.result(), probing.result())


def visit(url: str, is_over: threading.Event, chance: random.Random, kept: Acknowledged) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    while not is_over.is_set():
        (act,) = chance.choices(list(ACTS), weights=list(ACTS.values()))
        try:
            outcomes[act(url, chance, kept)] += 1
        except requests.RequestException as error:
            outcomes[f"unexpected: {act.__name__} {type(error).__name__}"] += 1
    return outcomes


def probe(url: str, is_over: threading.Event) -> list[float]:
    took_s = []
    while not is_over.wait(PROBE_EVERY_S):
        began = time.monotonic()
        requests.get(f"{url}/health", timeout=10).raise_for_status()
        took_s.append(time.monotonic() - began)
    return took_s


def watch(process: psutil.Process, is_over: threading.Event) -> list[Sample]:
    samples = [sample(process)]
    while not is_over.wait(SAMPLE_EVERY_S):
        samples.append(sample(process))
    return samples


def settled(process: psutil.Process) -> Sample:
    time.sleep(SETTLING_S)
    return sample(process)


def sample(process: psutil.Process) -> Sample:
    memory_mb = process.memory_info().rss / MB
    return Sample(time.monotonic(), memory_mb, process.num_fds(), process.num_threads())


def report(findings: Findings, begin: Sample, end: Sample) -> None:
    """Print the figures; how memory grows is told without the first third of the time."""
    for outcome, count in findings.outcomes.most_common():
        print(f"{count:7} {outcome}")
    warm = findings.samples[int(len(findings.samples) * WARM_UP) :]
    print(f"memory       {begin.memory_mb:.1f} MB at the beginning, {end.memory_mb:.1f} MB at the end")
    if len(warm) > 1:
        slope = statistics.linear_regression([one.at for one in warm], [one.memory_mb for one in warm]).slope
        print(
            f"             {slope * 3600:+.1f} MB an hour, from {warm[0].memory_mb:.1f} to {warm[-1].memory_mb:.1f} MB"
        )
    for name in ("descriptors", "threads"):
        first, last = (usual([getattr(one, name) for one in part]) for part in halves(warm))
        ends = f"{getattr(begin, name)} at the beginning, {getattr(end, name)} at the end"
        print(f"{name:12} {ends}; under load {first} in the first half of the rest, {last} in the second")
    p99_ms = statistics.quantiles(findings.health_s, n=100)[-1] * 1000
    print(f"/health      {p99_ms:.0f} ms at the 99th percentile, {max(findings.health_s) * 1000:.0f} ms at most")


def halves(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    middle = len(samples) // 2
    return samples[:middle] or samples, samples[middle:]


def usual(counts: list[int]) -> float:
    """Return the median, which the moments in which many come at once do not change."""
    return statistics.median(counts)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10)
    sys.exit(main(arguments.parse_args().minutes))
