"""Codex, as its users start it; CODEX names the command. It speaks the Responses API alone."""

import os
from pathlib import Path

from telling import URL
from terminal_agent import tell_of

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


def command(model, key):
    env = {**os.environ, "CODEX_HOME": str(home), "CHATAPP_KEY": key}
    return [os.environ["CODEX"], "exec", "--skip-git-repo-check", "-m", model], env


tell_of(command, asks=(), goes_on=("resume", "--last"))
