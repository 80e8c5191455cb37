"""How the page's server is started."""

from pathlib import Path

from chatapp.config.settings import Settings

DISCONNECTED_SESSION_S = 3600
"""Seconds a conversation is kept while its browser is away, e.g. asleep."""
MAX_UPLOAD_MEGABYTES = 256
"""The page holds an import in memory; larger exports go to `POST /import` of the backend."""
CACHED_BYTES = 30
"""What is as large as this and has not changed goes to the browser as its hash, of 34 bytes."""
_MEGABYTES = 1024 * 1024


def streamlit_arguments(settings: Settings) -> list[str]:
    """Return what follows `python -m streamlit` to serve the page.

    Flags win over a `config.toml` and over `STREAMLIT_…` variables that the user may have for other apps. The page
    itself reads its settings from the environment.
    """
    options = {
        "server.address": settings.host.strip("[]"),
        "server.port": settings.ui_port,
        "server.headless": True,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.trustedUserHeaders": "{}",
        "server.baseUrlPath": "",
        "server.maxUploadSize": MAX_UPLOAD_MEGABYTES,
        "server.maxMessageSize": 4 * settings.max_answer_bytes // _MEGABYTES + 1,
        "server.disconnectedSessionTTL": DISCONNECTED_SESSION_S,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "server.enableWebsocketCompression": True,
        "global.developmentMode": False,
        "global.minCachedMessageSize": CACHED_BYTES,
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
        "runner.fastReruns": False,  # a run that ends beside the next one takes away what that has drawn
        "runner.magicEnabled": False,
        "runner.postScriptGC": False,  # 50 ms after every click, in which nobody's answer grows
    }
    flags = [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in options.items()]
    return ["run", str(Path(__file__).with_name("app.py")), *flags]
