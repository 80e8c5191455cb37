"""llama.cpp's own server, from the wheel that the embedded model runs on, with a window and slots as asked for."""

import argparse
import time
from typing import Any

import xllamacpp


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("weights", "name", "key"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("port", "window", "slots"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--eye")
    server = xllamacpp.Server(_parameters(parser.parse_args()))
    print(f"llama.cpp answers on {server.listening_address}", flush=True)
    while True:
        time.sleep(3600)


def _parameters(options: argparse.Namespace) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = options.weights
    params.model_alias = {options.name}
    params.api_keys = [options.key]
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_parallel = options.slots
    params.n_ctx = options.window * options.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = 1
    if options.eye:
        params.mmproj.path = options.eye
        params.mmproj_use_gpu = False
    return params


if __name__ == "__main__":
    main()
