"""Pi, as its users start it; PI names the command. It says `"store": false` with each question, hence the header."""

import json
import os
from pathlib import Path

from telling import CALLING, ENDLESS, PLAIN, URL
from terminal_agent import tell_of

provider = {"baseUrl": URL, "apiKey": "$CHATAPP_KEY", "api": "openai-completions"}
provider |= {"headers": {"X-Chatapp-Store": "true"}, "models": [{"id": name} for name in {PLAIN, CALLING, ENDLESS}]}
home = Path(os.environ["HOME"]) / ".pi" / "agent"
home.mkdir(parents=True, exist_ok=True)
(home / "models.json").write_text(json.dumps({"providers": {"chatapp": provider}}))


def command(model, key):
    return [os.environ["PI"], "--model", f"chatapp/{model}"], {**os.environ, "CHATAPP_KEY": key, "PI_OFFLINE": "1"}


tell_of(command, goes_on=("-c", "-p"))
