"""What a click among the model servers does."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatapp.config.connections_writing import remove_connection, save_connection
from chatapp.errors import SettingsError
from chatapp.frontend.access.owner import may_change_servers
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import forget_backend


def save_server(path: Path) -> None:
    """Write what is in the form, and keep nothing of the key."""
    name, url, key = (state.take(field).strip() for field in (state.SERVER_NAME, state.SERVER_URL, state.SERVER_KEY))
    change = partial(save_connection, path, name, base_url=url, api_key=key or None)
    if not _do(change, f"{name} is saved. The backend reads it within seconds."):
        state.show(state.SERVER_NAME, name)
        state.show(state.SERVER_URL, url)


def remove_server(path: Path, name: str) -> None:
    """Take a server out of the file."""
    _do(partial(remove_connection, path, name), f"{name} is removed.")


def _do(change: Callable[[], None], done: str) -> bool:
    if not may_change_servers(state.settings(), state.api_key()):  # what was drawn may be older than the sign-in's end
        state.view().server_outcome = SettingsError("You may not change model servers.", hint="Sign in again.")
        return False
    try:
        change()
    except SettingsError as error:
        state.view().server_outcome = error
        return False
    state.view().server_outcome = done
    forget_backend()
    return True
