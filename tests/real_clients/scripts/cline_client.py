"""Cline's command line, as its users start it; CLINE names the command."""

import json
import os
import signal
import subprocess

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell, wait_until_answering


def run(*words, model=PLAIN, key=KEY):
    server = ["-p", "openai", "-k", key, "-m", model, "-b", URL]
    subprocess.run([os.environ["CLINE"], "auth", *server], check=True, capture_output=True, timeout=120)
    command = [os.environ["CLINE"], "-P", "openai-compatible", "-m", model, "--json", *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def result(*words, **options):
    lines = run(*words, **options).communicate(timeout=120)[0].splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def said(*words, **options):
    return next(told["text"] for told in result(*words, **options) if told["type"] == "run_result")


def question():
    return f"{QUESTION} Tell me."  # a single word is taken for a command


def key():
    raise RuntimeError(json.dumps(result(question(), key="wrong")[-1]))


def cancel():
    process = run(question(), model=ENDLESS)
    wait_until_answering()
    process.send_signal(signal.SIGINT)
    process.wait(20)
    return stay()


def long():
    said("long 0")
    listed = subprocess.run([os.environ["CLINE"], "history", "--json"], check=True, capture_output=True, timeout=120)
    session = json.loads(listed.stdout)[0]["sessionId"]
    for number in range(1, LONG):
        said("--id", session, f"long {number}")
    return 2 * LONG


tell(
    {
        "stream": lambda: said(question()),
        "tool": lambda: said(question(), model=CALLING),
        "long": long,
        "key": key,
        "cancel": cancel,
    }
)
