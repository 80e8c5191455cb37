"""The backend under a steady load for some minutes, to be run by hand: `python tests/soak.py [minutes]`.

Ten streams at a time, of which one in twenty is left by its reader and one in twenty broken by the model server. What
it prints at the end: memory and descriptors must not grow, and nothing may fail that should not.
"""

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

from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError
from chatapp.protocol.events import Text
from support import scripts
from support.commands import Serving
from support.scripts import Script, answer
from support.stub_model import KEY, StubModel

STREAMS = 10
LEAVERS = FAULTS = 0.05
KEPT = 1 / 3
FIRST_S = 10.0
"""How long the load lasts whose end is what the rest is compared with: connections and threads are there then."""

SETTLING_S = 20.0
"""Idle connections to the model server are closed by then."""

WARM_UP_S = 120.0
SAMPLE_EVERY_S = 5.0
PROBE_EVERY_S = 0.5
MB = 1024 * 1024

WORDS = [f"word{number} " for number in range(60)]
FINE = answer(*[step for word in WORDS for step in (word, 0.02)])
BROKEN: dict[str, Script] = {
    "refused": scripts.status(401),
    "overrun": scripts.status(429, Retry_After="30"),
    "failing": scripts.status(500),
    "a web page": scripts.html(200),
    "reset": answer(*WORDS, scripts.reset),
    "cut": answer(*WORDS, scripts.hang_up),
    "unfinished": answer(*WORDS, finish=None, done=False),
    "garbage": answer(*WORDS, b"data: {oops\n\n"),
    "a line without an end": answer("word", scripts.long_line(2)),
    "silent": answer("word", scripts.silence),
}
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
        stub.models.update(BROKEN)
        env = {**NOT_SET, "BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "DATA_DIR": folder, "GAP_TIMEOUT": "2"}
        with Serving(env=env) as backend:
            process = psutil.Process(backend._popen.pid)
            soak(backend.url, process, seconds=FIRST_S)
            begin = settled(process)
            findings = soak(backend.url, process, seconds=minutes * 60)
            end = settled(process)
    report(findings, begin, end)
    return int(any(outcome.startswith("unexpected") for outcome in findings.outcomes))


def soak(url: str, process: psutil.Process, *, seconds: float) -> Findings:
    """Ask, probe and sample until the time is over."""
    is_over = threading.Event()
    with ThreadPoolExecutor(STREAMS + 2) as threads:
        asking = [threads.submit(ask_again_and_again, url, is_over, random.Random(seed)) for seed in range(STREAMS)]
        probing = threads.submit(probe, url, is_over)
        watching = threads.submit(watch, process, is_over)
        time.sleep(seconds)
        is_over.set()
        outcomes = sum((lane.result() for lane in asking), Counter[str]())
        return Findings(outcomes, watching.result(), probing.result())


def ask_again_and_again(url: str, is_over: threading.Event, chance: random.Random) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    while not is_over.is_set():
        outcomes[ask(url, chance)] += 1
    return outcomes


def ask(url: str, chance: random.Random) -> str:
    """Ask a question and say how that ended."""
    is_fault, is_leaver, is_kept = (chance.random() < share for share in (FAULTS, LEAVERS, KEPT))
    model = chance.choice(list(BROKEN)) if is_fault else None
    text = ""
    try:
        with BackendClient(url) as backend, backend.stream("Why?", model=model, store=is_kept) as events:
            for event in events:
                text += event.text if isinstance(event, Text) else ""
                if is_leaver and text:
                    return "left"
    except ChatappError as error:
        return "failed as they should" if is_fault else f"unexpected: {error.code}"
    is_right = text == "".join(WORDS) and not is_fault
    return "answered" if is_right else f"unexpected: an answer of {len(text)} characters"


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
    """Print the figures; the memory of the first two minutes is left out."""
    for outcome, count in findings.outcomes.most_common():
        print(f"{count:7} {outcome}")
    warm = [sample for sample in findings.samples if sample.at - begin.at > WARM_UP_S]
    print(f"memory       {begin.memory_mb:.1f} MB at the beginning, {end.memory_mb:.1f} MB at the end")
    if len(warm) > 1:
        slope = statistics.linear_regression([one.at for one in warm], [one.memory_mb for one in warm]).slope
        print(
            f"             {slope * 3600:+.1f} MB an hour, from {warm[0].memory_mb:.1f} to {warm[-1].memory_mb:.1f} MB"
        )
    print(f"descriptors  {begin.descriptors} at the beginning, {end.descriptors} at the end")
    print(f"threads      {begin.threads} at the beginning, {end.threads} at the end")
    p95_ms = statistics.quantiles(findings.health_s, n=20)[-1] * 1000
    print(f"/health      {p95_ms:.0f} ms at the 95th percentile, {max(findings.health_s) * 1000:.0f} ms at most")


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10))
