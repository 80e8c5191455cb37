"""What the scripts of coding agents have in common that are asked by one command for each question."""

import os
import signal
import subprocess

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, stay, tell, wait_until_answering


def tell_of(command, *, asks=("-p",), goes_on):
    """Tell of all cases. `command(model, key)` gives a command and its environment.

    `asks` are its words before a question, `goes_on` those before the next question of the last conversation.
    """

    def run(question, before=asks, model=PLAIN, key=KEY):
        told, env = command(model, key)
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen([*told, *before, question], env=env, text=True, start_new_session=True, **streams)

    def output(question, **options):
        return run(question, **options).communicate(timeout=120)[0].strip()

    def said(question, **options):
        return output(question, **options).splitlines()[-1]

    def key():
        raise RuntimeError(output(QUESTION, key="wrong")[-300:])

    def cancel():
        process = run(QUESTION, model=ENDLESS)
        wait_until_answering()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the one that asks may be another process
        process.wait(20)
        return stay()

    def long():
        said("long 0")
        for number in range(1, LONG):
            said(f"long {number}", before=goes_on)
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
