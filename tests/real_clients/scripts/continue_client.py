"""Continue's command line, as its users start it; CN names the command."""

import json
import os
from pathlib import Path

from telling import URL
from terminal_agent import tell_of


def command(model, key):
    entry = {"name": "chatapp", "provider": "openai", "model": model, "apiBase": URL, "apiKey": key}
    config = {"name": "chatapp", "version": "0.0.1", "schema": "v1", "models": [entry]}
    Path("config.yaml").write_text(json.dumps(config))  # which is YAML too
    return [os.environ["CN"], "--config", "config.yaml"], {**os.environ, "CONTINUE_TELEMETRY_ENABLED": "0"}


tell_of(command, goes_on=("--resume", "-p"))
