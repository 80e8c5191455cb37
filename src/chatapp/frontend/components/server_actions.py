"""What a click among the model servers does."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatapp.client.model_servers import server_fault
from chatapp.config.connections import read_connections
from chatapp.config.connections_writing import remove_connection, save_connection
from chatapp.errors import SettingsError
from chatapp.frontend.access.owner import may_change_servers
from chatapp.frontend.languages.words import t
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import forget_backend
from chatapp.frontend.session.outcomes import UnsavedServer


def save_server(path: Path) -> None:
    """Write what is in the form, and keep nothing of the key; where nobody answers there, ask first."""
    name, url, key = (state.take(field).strip() for field in (state.SERVER_NAME, state.SERVER_URL, state.SERVER_KEY))
    view = state.view()
    view.unsaved_server = None
    fault = server_fault(url, key or _kept_key(path, name)) if name and _is_allowed() else None
    if fault is not None:
        view.unsaved_server = UnsavedServer(name, url, key, fault)
        _give_back(name, url)
    else:
        _save(path, name, url, key)


def save_anyway(path: Path) -> None:
    """Write the server that did not answer."""
    view = state.view()
    unsaved, view.unsaved_server = view.unsaved_server, None
    if unsaved is not None and _save(path, unsaved.name, unsaved.url, unsaved.key):
        _give_back("", "")


def leave_unsaved() -> None:
    """Do not write the server that did not answer; its name and address stay in the form."""
    state.view().unsaved_server = None


def _save(path: Path, name: str, url: str, key: str) -> bool:
    change = partial(save_connection, path, name, base_url=url, api_key=key or None)
    is_saved = _do(change, t("{name} is saved. The backend reads it within seconds.", name=name))
    if not is_saved:
        _give_back(name, url)
    return is_saved


def _give_back(name: str, url: str) -> None:
    state.show(state.SERVER_NAME, name)
    state.show(state.SERVER_URL, url)


def _kept_key(path: Path, name: str) -> str | None:
    """Return the key that a server of the file has, where it stands there."""
    try:
        table = read_connections(path).connections.get(name) if path.exists() else None
    except SettingsError:
        return None
    return table.api_key[0].get_secret_value() if table and table.api_key else None


def remove_server(path: Path, name: str) -> None:
    """Take a server out of the file."""
    _do(partial(remove_connection, path, name), t("{name} is removed.", name=name))


def _do(change: Callable[[], None], done: str) -> bool:
    if not _is_allowed():  # what was drawn may be older than the sign-in's end
        state.view().server_outcome = SettingsError(t("You may not change model servers."), hint=t("Sign in again."))
        return False
    try:
        change()
    except SettingsError as error:
        state.view().server_outcome = error
        return False
    state.view().server_outcome = done
    forget_backend()
    return True


def _is_allowed() -> bool:
    return may_change_servers(state.settings(), state.api_key())
