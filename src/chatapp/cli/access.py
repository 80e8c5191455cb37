"""Who may reach what we start."""

from chatapp.backend.access.api_keys import KeyRing
from chatapp.cli.parameters import KEY_COMMAND
from chatapp.config.budgets import parse_budgets
from chatapp.config.connections import ELSEWHERE
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError
from chatapp.hosts import is_loopback
from chatapp.providers.connection import configured_upstreams


def require_keys_beyond_loopback(settings: Settings) -> None:
    """Let nobody but this machine in unless there are keys.

    Raises:
        SettingsError: other machines could ask without a key, or the keys cannot be read.
    """
    if settings.api_keys is not None:
        KeyRing(settings.api_keys.get_secret_value())
    if not is_loopback(settings.host) and settings.api_keys is None:
        raise SettingsError(
            f"HOST is {settings.host!r}: beyond this machine only people with a key may ask, and API_KEYS is not set.",
            hint=f"Set it to what this prints: {KEY_COMMAND}",
        )


def notes_on_names(settings: Settings) -> list[str]:
    """Return a sentence about each name that no key has. Misspelt, a budget would hold nobody back and say nothing."""
    keys = settings.api_keys
    known = KeyRing(keys.get_secret_value()).names if keys else frozenset()
    named = {
        "BUDGETS": [budget.owner for budget in parse_budgets(settings.budgets or "")],
        "ADMIN_KEYS": settings.admin_keys,
    }
    return [
        f"{setting} names {name!r}, but no key of API_KEYS has that name."
        for setting, names in named.items()
        for name in dict.fromkeys(names)
        if name is not None and name not in known
    ]


def notes_on_connections(settings: Settings) -> list[str]:
    """Return a sentence about each connection that a budget names and that there cannot be."""
    known = ELSEWHERE.union(upstream.name for upstream in configured_upstreams(settings))
    named = [budget.connection for budget in parse_budgets(settings.budgets or "")]
    return [
        f"BUDGETS names the connection {name!r}, which there is not."
        for name in dict.fromkeys(named)
        if name is not None and name not in known
    ]


def url_for(host: str, port: int, *, scheme: str = "http") -> str:
    """Return the address by which this machine reaches what listens on `host` and `port`."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host.strip("[]"), host)  # noqa: S104 - compared, not bound
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"{scheme}://{name}:{port}"
