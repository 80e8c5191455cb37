"""Continue's command line, as its users start it; CN names the command."""

import json
import os
import signal
import subprocess
from pathlib import Path

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell, wait_until_answering


def run(*words, model=PLAIN, key=KEY):
    entry = {"name": "chatapp", "provider": "openai", "model": model, "apiBase": URL, "apiKey": key}
    config = {"name": "chatapp", "version": "0.0.1", "schema": "v1", "models": [entry]}
    Path("config.yaml").write_text(json.dumps(config))  # which is YAML too
    return subprocess.Popen(
        [os.environ["CN"], "--config", "config.yaml", *words],
        env={**os.environ, "CONTINUE_TELEMETRY_ENABLED": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(*words, **options):
    return run(*words, **options).communicate(timeout=120)[0].strip().splitlines()[-1]


def key():
    raise RuntimeError(said("-p", QUESTION, key="wrong"))


def cancel():
    process = run("-p", QUESTION, model=ENDLESS)
    wait_until_answering()
    process.send_signal(signal.SIGINT)
    process.wait(20)
    return stay()


def long():
    said("-p", "long 0")
    for number in range(1, LONG):
        said("--resume", "-p", f"long {number}")
    return 2 * LONG


tell(
    {
        "stream": lambda: said("-p", QUESTION),
        "tool": lambda: said("-p", QUESTION, model=CALLING),
        "long": long,
        "key": key,
        "cancel": cancel,
    }
)
