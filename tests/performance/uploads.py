"""Twenty people attach 20 MB each at once: `python tests/performance/uploads.py` prints what others notice of it.

How long `/health` takes meanwhile, and how much memory the backend takes beyond what it has idle. Who uploads is a
process of the lowest priority, as other machines would be; what asks `/health` is one of the usual.
"""

import io
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
import requests

from chatapp.config.settings import Settings
from support import documents
from support.commands import Serving

AT_ONCE, MB = 20, 1024 * 1024
SIZE = 20 * MB
PROBE_EVERY_S = 0.01
QUIET_S = 5.0
_LETTERS = "abcdefghijklmnop"


def text(seed: int) -> bytes:
    """Return words, as logs and exports are."""
    chance = random.Random(seed)
    line = " ".join("".join(chance.choices(_LETTERS, k=6)) for _ in range(2000)) + "\n"
    return (line * (SIZE // len(line) + 1)).encode()[:SIZE]


def packed(seed: int) -> bytes:
    """Return a document with what cannot be packed in it, as pictures are."""
    out = io.BytesIO(documents.docx(*(f"Paragraph {number} of document {seed}." for number in range(2000))))
    with ZipFile(out, "a") as archive:
        archive.writestr("word/media/image1.bin", random.Random(seed).randbytes(SIZE - MB))
    return out.getvalue()


def photo(seed: int) -> bytes:
    """Return a photo with what cannot be packed behind it."""
    return documents.photo(4000 + seed, 3000) + random.Random(seed).randbytes(SIZE - MB)


KINDS = {"text": text, "docx": packed, "photo": photo}


def upload(url: str, kind: str) -> None:
    """Attach files of a kind, all at once, and end when they are there."""
    os.nice(19)
    bodies = [KINDS[kind](seed) for seed in range(AT_ONCE)]

    def attach(body: bytes) -> int:
        return requests.post(f"{url}/attachments", params={"name": f"a.{kind}"}, data=body, timeout=600).status_code

    with ThreadPoolExecutor(AT_ONCE) as threads:
        print(f"{kind:6} statuses {sorted(set(threads.map(attach, bodies)))}", flush=True)


def probe(url: str, session: requests.Session) -> float:
    began = time.perf_counter()
    session.get(f"{url}/health", timeout=30).raise_for_status()
    return (time.perf_counter() - began) * 1000


def meanwhile(url: str, process: psutil.Process, work: multiprocessing.Process | None) -> tuple[list[float], float]:
    """Return how many milliseconds each `/health` took while `work` goes on, or for a while, and the most memory."""
    took_ms, most, until = [], 0.0, time.monotonic() + QUIET_S
    with requests.Session() as session:
        while work.is_alive() if work else time.monotonic() < until:
            took_ms.append(probe(url, session))
            most = max(most, process.memory_info().rss / MB)
            time.sleep(PROBE_EVERY_S)
    return took_ms, most


def main(kinds: list[str]) -> None:
    """Print the figures of each kind of files."""
    unset = {name.upper(): "" for name in Settings.model_fields}
    with tempfile.TemporaryDirectory() as folder, Serving(env={**unset, "DATA_DIR": folder}) as backend:
        process = psutil.Process(backend._popen.pid)
        quiet_ms, idle_mb = meanwhile(backend.url, process, None)
        print(_shown("quiet", quiet_ms, idle_mb, 0.0))
        for kind in kinds or KINDS:
            work = multiprocessing.Process(target=upload, args=(backend.url, kind))
            began = time.monotonic()
            work.start()
            took_ms, most_mb = meanwhile(backend.url, process, work)
            print(_shown(kind, took_ms, most_mb - idle_mb, time.monotonic() - began), flush=True)


def _shown(name: str, took_ms: list[float], memory_mb: float, seconds: float) -> str:
    p99 = statistics.quantiles(took_ms, n=100)[-1]
    figures = f"median {statistics.median(took_ms):.1f} ms, p99 {p99:.1f} ms, most {max(took_ms):.1f} ms"
    return f"{name:6} /health {figures} of {len(took_ms)}; {memory_mb:+.0f} MB; {seconds:.0f} s"


if __name__ == "__main__":
    main(sys.argv[1:])
