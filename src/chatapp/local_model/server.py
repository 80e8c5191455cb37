"""The embedded model's own process: llama.cpp's server, on loopback and behind a key."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from chatapp.config.environment import value
from chatapp.local_model import KEY_VARIABLE

_CONTEXT_TOKENS = 16_384
"""Shared in equal parts by the answers made at a time. Each has its own part: with a common pool, llama.cpp fails the
answers of all when it is full."""

_ERRORS_ONLY = 1
_MOST_THREADS = 8
_BATCH_TOKENS = 512
"""How many tokens are read between two signs of life; llama.cpp computes no more at a time anyway (n_ubatch)."""

_PROMPT_CACHE_MIB = 256


def main() -> None:
    """Serve until we are stopped; end with one sentence if the model cannot be loaded."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    try:
        import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415 - its failure is a sentence of ours
    except ImportError as error:
        sys.exit(f"xllamacpp cannot be loaded: {error}")
    params = _parameters(xllamacpp, options)
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        sys.exit(f"llama.cpp cannot serve {options.weights}: {error}")
    print(f"{options.name} answers on {server.listening_address}", flush=True)  # noqa: T201 - its one line
    while True:
        time.sleep(3600)


def _parameters(xllamacpp: Any, options: argparse.Namespace) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(options.weights)
    params.model_alias = {options.name}
    params.verbosity = _ERRORS_ONLY
    params.n_ctx = _CONTEXT_TOKENS
    params.n_parallel = 4 if options.demo else 2
    params.n_batch = _BATCH_TOKENS
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _threads()
    _lock_down(params, options.port)
    if options.demo:
        _steady(params)
    return params


def _lock_down(params: Any, port: int) -> None:
    """Let only who has the key ask, and no web page read an answer: by default llama.cpp's server is open to all."""
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.api_keys = [value(KEY_VARIABLE)]
    params.cors_origins = "http://127.0.0.1"
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = False


def _steady(params: Any) -> None:
    """Keep a very small model on its subject and from repeating itself for ever, where a request does not say how.

    Measured with SmolLM2-135M over 12 answers: with a penalty of 1.05 some went round in circles, with 1.15 none did.
    """
    params.sampling.temp = 0.2
    params.sampling.top_p = 0.9
    params.sampling.penalty_repeat = 1.15
    params.n_predict = 1024


def _threads() -> int:
    """Return the threads to compute with: one processor is left to everything else.

    Threads wait for each other by spinning, hundreds of times a token, so they must not have to share. Measured on two
    processors: two threads give 90 tokens a second alone and 5 beside one busy process, one gives 50 and 40.
    """
    return max(1, min(_usable_cpus() - 1, _MOST_THREADS))


def _usable_cpus() -> int:
    """Return the processors that this process may use: by its affinity, and by its control group's quota on Linux."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):  # no control groups here, or no quota: "max"
        return allowed


if __name__ == "__main__":
    main()
