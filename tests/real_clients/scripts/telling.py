"""What the scripts of all Python clients have in common: cases that are run, each told as a line of JSON."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

URL, KEY = sys.argv[1:3]
SPEAKS = os.environ.get("SPEAKS", "chat completions")
QUESTION = os.environ.get("QUESTION", "Why?")
PLAIN, CALLING, ENDLESS = os.environ.get("MODELS", "stub-model calling endless").split()
LONG = 4
AFTER_CANCEL_S, BEGIN_S = 2, 90


def tell(cases: dict[str, Callable[[], Any]]) -> None:
    """Run the cases that were asked for; what a client raises is told by its class and words."""
    wanted = sys.argv[3:] or list(cases)
    for name in wanted:
        if name not in cases:
            continue
        try:
            told = {"said": cases[name]()}
        except Exception as error:  # noqa: BLE001 - the client's own, whatever they are
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"case": name, **told}), flush=True)


def wait_until_answering() -> None:
    """Wait until an answer is being made here: how long an agent takes to begin depends on the machine."""
    address, headers = URL.removesuffix("/v1") + "/conversations", {"Authorization": f"Bearer {KEY}"}
    give_up_at = time.monotonic() + BEGIN_S
    while time.monotonic() < give_up_at:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as response:
            if any(one["active_turn_id"] for one in json.load(response)["items"]):
                return
        time.sleep(0.2)


def stay() -> str:
    """Live on for a while after an answer was left: the end of a process ends its connections too."""
    time.sleep(AFTER_CANCEL_S)
    return "left"
