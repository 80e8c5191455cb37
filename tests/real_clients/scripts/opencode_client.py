"""opencode, as its users start it; OPENCODE names the command."""

import json
import os
import signal
import subprocess
from pathlib import Path

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell, wait_until_answering


def run(*words, model=PLAIN, key=KEY):
    options = {"baseURL": URL, "apiKey": key}
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "chatapp", "options": options}
    provider["models"] = {name: {"name": name} for name in {PLAIN, CALLING, ENDLESS}}
    config = {"provider": {"chatapp": provider}, "small_model": f"chatapp/{PLAIN}", "autoupdate": False}
    Path("opencode.json").write_text(json.dumps(config))
    command = [os.environ["OPENCODE"], "run", "-m", f"chatapp/{model}", *words]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def said(*words, **options):
    return run(*words, **options).communicate(timeout=120)[0].strip().splitlines()[-1].strip()


def key():
    raise RuntimeError(said(QUESTION, key="wrong"))


def cancel():
    process = run(QUESTION, model=ENDLESS)
    wait_until_answering()
    process.send_signal(signal.SIGINT)
    process.wait(20)
    return stay()


def long():
    said("long 0")
    for number in range(1, LONG):
        said("-c", f"long {number}")
    return 2 * LONG


tell(
    {
        "stream": lambda: said(QUESTION),
        "tool": lambda: said(QUESTION, model=CALLING),
        "long": long,
        "key": key,
        "cancel": cancel,
    }
)
