"""GitHub Copilot CLI, as its users start it with a model server of their own; COPILOT names the command."""

import os

from telling import URL
from terminal_agent import tell_of


def command(model, key):
    server = {"COPILOT_PROVIDER_BASE_URL": URL, "COPILOT_PROVIDER_API_KEY": key, "COPILOT_MODEL": model}
    env = {**os.environ, **server, "COPILOT_OFFLINE": "true", "COPILOT_AUTO_UPDATE": "false"}
    return [os.environ["COPILOT"], "--silent", "--allow-all-tools"], env


tell_of(command, goes_on=("--continue", "-p"))
