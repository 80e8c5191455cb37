"""Claude Code, as its users start it but for the terminal; CLAUDE names the command."""

import json
import os
import signal
import subprocess

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def run(*words, model=PLAIN, key=KEY, form="json"):
    env = {
        **os.environ,
        "ANTHROPIC_BASE_URL": URL.removesuffix("/v1"),
        "ANTHROPIC_AUTH_TOKEN": key,
        "ANTHROPIC_MODEL": model,
        "ANTHROPIC_SMALL_FAST_MODEL": PLAIN,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    command = [os.environ["CLAUDE"], "--print", "--output-format", form, *words]
    return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def told(*words, **options):
    return json.loads(run(*words, **options).communicate(timeout=300)[0])


def key():
    raise RuntimeError(told(QUESTION, key="wrong")["result"])


def cancel():
    process = run(QUESTION, "--verbose", "--include-partial-messages", model=ENDLESS, form="stream-json")
    next(line for line in process.stdout if '"content_block_delta"' in line)
    process.send_signal(signal.SIGINT)
    process.wait(20)
    return stay()


def long():
    session = told("long 0")["session_id"]
    for number in range(1, LONG):
        session = told("--resume", session, f"long {number}")["session_id"]
    return 2 * LONG


tell(
    {
        "stream": lambda: told(QUESTION)["result"],
        "tool": lambda: told(QUESTION, model=CALLING)["result"],
        "long": long,
        "key": key,
        "cancel": cancel,
    }
)
