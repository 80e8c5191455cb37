"""Qwen Code, as its users start it; QWEN names the command."""

import os
import signal
import subprocess

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell, wait_until_answering


def run(*words, model=PLAIN, key=KEY):
    server = {"OPENAI_BASE_URL": URL, "OPENAI_API_KEY": key, "OPENAI_MODEL": model}
    command = [os.environ["QWEN"], "--auth-type", "openai", *words]
    return subprocess.Popen(
        command,
        env={**os.environ, **server},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def said(*words, **options):
    return run(*words, **options).communicate(timeout=120)[0].strip().splitlines()[-1]


def key():
    raise RuntimeError(said("-p", QUESTION, key="wrong"))


def cancel():
    process = run("-p", QUESTION, model=ENDLESS)
    wait_until_answering()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the one that asks is another process
    process.wait(20)
    return stay()


def long():
    said("-p", "long 0")
    for number in range(1, LONG):
        said("-c", "-p", f"long {number}")
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
