"""`chatapp backup` and `chatapp restore`: the whole store as one file."""

import sys
from pathlib import Path

import typer

from chatapp.backend.store.database import FILE_NAME
from chatapp.backend.transfer.backups import Contents, back_up, look_into, require_unused, restore
from chatapp.cli.files import new_file
from chatapp.cli.terminal import counted, printable
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError, StoreTooNewError

UNCHANGED = 1


def run_backup(file: str) -> None:
    """Back the store up while it is used, and say what is in the copy."""
    store, target = _store(), new_file(file)
    _say(f"{target}: {_told(back_up(store, target))}")


def run_restore(file: str, *, is_sure: bool) -> int:
    """Show what is in the backup and what is here, ask, and put the one in the place of the other."""
    store, backup = _store(), Path(file)
    _say(f"backup  {backup}: {_told(look_into(backup, is_trusted=False))}")
    _say(f"here    {store}: {_here(store)}")
    require_unused(store)
    if not is_sure and not _is_wanted():
        _say("Nothing was changed.")
        return UNCHANGED
    kept = restore(backup, store)
    _say("Restored." if kept is None else f"Restored. What was here is kept in {kept}")
    return 0


def _store() -> Path:
    settings = Settings.load()
    if settings.database_url is not None:
        raise SettingsError(
            "The conversations are in PostgreSQL, which DATABASE_URL names.",
            hint="Back them up with pg_dump, and restore them with pg_restore.",
        )
    return settings.data_dir / FILE_NAME


def _here(store: Path) -> str:
    if not store.exists():
        return "nothing"
    try:
        return _told(look_into(store))
    except (SettingsError, StoreTooNewError) as error:
        return error.detail


def _told(found: Contents) -> str:
    last = f", last changed {found.last_used:%Y-%m-%d %H:%M} UTC" if found.last_used else ""
    counts = f"{counted(found.conversations, 'conversation')}, {counted(found.messages, 'message')}"
    return f"{counts}{last} (version {found.version} of the tables)"


def _is_wanted() -> bool:
    if not sys.stdin.isatty():
        raise SettingsError("Restoring replaces what is here.", hint="Say that you are sure: --yes")
    return typer.confirm("Replace what is here?", err=True)


def _say(text: str) -> None:
    typer.echo(printable(text))
