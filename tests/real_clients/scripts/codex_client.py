"""Codex, as its users start it; CODEX names the command. It speaks the Responses API alone."""

import os
import signal
import subprocess
from pathlib import Path

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell, wait_until_answering

CONFIG = """
model_provider = "chatapp"

[model_providers.chatapp]
name = "chatapp"
base_url = "{}"
env_key = "CHATAPP_KEY"
wire_api = "responses"
http_headers = {{ "X-Chatapp-Store" = "true" }}
"""

home = Path(os.environ["HOME"]) / ".codex"
home.mkdir(exist_ok=True)
(home / "config.toml").write_text(CONFIG.format(URL))


def run(*words, model=PLAIN, key=KEY):
    command = [os.environ["CODEX"], "exec", "--skip-git-repo-check", "-m", model, *words]
    return subprocess.Popen(
        command,
        env={**os.environ, "CODEX_HOME": str(home), "CHATAPP_KEY": key},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(*words, **options):
    return run(*words, **options).communicate(timeout=120)[0].strip().splitlines()[-1]


def key():
    raise RuntimeError(run(QUESTION, key="wrong").communicate(timeout=120)[1][-300:])


def cancel():
    process = run(QUESTION, model=ENDLESS)
    wait_until_answering()
    process.send_signal(signal.SIGINT)
    process.wait(20)
    return stay()


def long():
    said("long 0")
    for number in range(1, LONG):
        said("resume", "--last", f"long {number}")
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
