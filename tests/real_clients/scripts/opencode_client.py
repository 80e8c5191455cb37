"""opencode, as its users start it; OPENCODE names the command."""

import json
import os
from pathlib import Path

from telling import CALLING, ENDLESS, PLAIN, URL
from terminal_agent import tell_of


def command(model, key):
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "chatapp", "options": {"baseURL": URL, "apiKey": key}}
    provider["models"] = {name: {"name": name} for name in {PLAIN, CALLING, ENDLESS}}
    config = {"provider": {"chatapp": provider}, "small_model": f"chatapp/{PLAIN}", "autoupdate": False}
    Path("opencode.json").write_text(json.dumps(config))
    return [os.environ["OPENCODE"], "run", "-m", f"chatapp/{model}"], dict(os.environ)


tell_of(command, asks=(), goes_on=("-c",))
