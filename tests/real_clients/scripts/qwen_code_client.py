"""Qwen Code, as its users start it; QWEN names the command."""

import os

from telling import URL
from terminal_agent import tell_of


def command(model, key):
    server = {"OPENAI_BASE_URL": URL, "OPENAI_API_KEY": key, "OPENAI_MODEL": model}
    return [os.environ["QWEN"], "--auth-type", "openai"], {**os.environ, **server}


tell_of(command, goes_on=("-c", "-p"))
