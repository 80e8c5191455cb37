"""The environment: the variables we were started with, and the files that stand in for those not set."""

import os
import re
from pathlib import Path

from chatapp.errors import SettingsError

_MOST_KEY_BYTES = 64 * 1024
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,199}")

RUN_SECRETS = Path("/run/secrets")
"""Where Docker, Podman and Kubernetes put secrets, a file each."""

_ARE_FILES_READ = "CHATAPP_ENV_FILES_READ"
"""Tells a child that its parent has put the `.env` files into its environment."""

_ORIGINS = "CHATAPP_ORIGINS"
"""Tells which variables the user has not set in the environment: lines of `NAME=the file or the command that did`."""

COMMAND = "the command that started it"


def env_files() -> tuple[Path, ...]:
    """Return the `.env` files that exist, the one that wins first: the working directory's, then the user's own."""
    candidates = (Path(".env"), user_file(".env"))
    return tuple(path for path in candidates if path.is_file())


def user_file(name: str) -> Path:
    """Return where a file of that name is in the user's own configuration folder.

    Raises:
        SettingsError: there is no such folder, as this user has no home.
    """
    from platformdirs import user_config_path  # noqa: PLC0415 - 10 ms that only a command which needs settings pays

    try:
        return user_config_path("chatapp", appauthor=False) / name
    except RuntimeError:
        sentence = "HOME names no folder, and the system knows no home of this user."
        raise SettingsError(sentence, hint="Set HOME to a folder that can be written.") from None


def load_env_files() -> list[str]:
    """Put the variables of the `.env` files into the environment, where they are not set yet, and return warnings.

    After this the environment alone says everything, to this process and to its children.

    Raises:
        SettingsError: a file is no text that an environment can hold, or a setting in it cannot be read.
    """
    if is_set(_ARE_FILES_READ):
        return []
    warnings: list[str] = []
    for path in env_files():
        try:
            warnings += _load(path)
        except (OSError, ValueError) as error:
            raise SettingsError(f"The file {path} cannot be read.", hint="Save it as UTF-8 text.") from error
    return warnings


def _load(path: Path) -> list[str]:
    from chatapp.config.env_file import read_env_file  # noqa: PLC0415 - only where there is a file

    variables, warnings = read_env_file(path)
    origins = _origins()
    for name, text in variables.items():
        if text is not None and name not in os.environ:
            os.environ[name] = text
            origins[name] = str(path.absolute())
    if origins:
        os.environ[_ORIGINS] = _lines(origins)
    return warnings


def origin_of(name: str) -> str | None:
    """Return what has set the variable `name`: a file, a command, or "the environment"; None where nothing has."""
    return _origins().get(name, "the environment") if is_set(name) else None


def _origins() -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in os.environ.get(_ORIGINS, "").splitlines())


def _lines(origins: dict[str, str]) -> str:
    return "\n".join(f"{name}={what}" for name, what in origins.items())


def value(name: str) -> str | None:
    """Return what the user set `name` to; an empty value counts as none."""
    return os.environ.get(name) or None


def is_set(name: str) -> bool:
    """Return whether the user gave `name` a value."""
    return value(name) is not None


def give_children(name: str, setting: str) -> None:
    """Set `name` for the processes that are started from now on."""
    os.environ[name] = setting


def secret_folders() -> list[Path]:
    """Return the folders whose files are secrets named like settings, the one that wins last.

    A systemd unit's `LoadCredential=` is in $CREDENTIALS_DIRECTORY: https://systemd.io/CREDENTIALS
    """
    named = value("CREDENTIALS_DIRECTORY")
    return [folder for folder in (RUN_SECRETS, *([Path(named)] if named else [])) if folder.is_dir()]


def secret(name: str) -> str | None:
    """Return what the user set `name` to, by a variable or else by a secret's file.

    Raises:
        SettingsError: the file cannot be read.
    """
    if is_set(name):
        return value(name)
    files = [folder / spelling for folder in reversed(secret_folders()) for spelling in (name.lower(), name)]
    try:
        return next((file.read_text(encoding="utf-8-sig").strip() for file in files if file.is_file()), None)
    except (OSError, UnicodeError):
        raise SettingsError(f"The file of the secret {name} cannot be read.") from None


def emptied(prefix: str) -> dict[str, str]:
    """Return the change to a child's environment that takes from it what is set by names which begin with `prefix`."""
    return {name: "" for name in os.environ if name.startswith(prefix)}


def child_environment(**changes: str) -> dict[str, str]:
    """Return the environment for a child process: ours with `changes`."""
    changed = {name: COMMAND for name, text in changes.items() if os.environ.get(name) != text}
    return {**os.environ, _ARE_FILES_READ: "true", _ORIGINS: _lines({**_origins(), **changed}), **changes}


def variable_name(name: str) -> str:
    """Return the name of a variable, or of a secret, if it may be one.

    Raises:
        ValueError: it is none, as the key itself or `$NAME` are; what it says completes "it must be".
    """
    if not _VARIABLE.fullmatch(name):
        raise ValueError("the name of a variable, made of letters, digits, `.`, `_` and `-`")
    return name


def from_home(path: Path) -> Path:
    """Return `path` with the home folder for a `~` at its beginning.

    Raises:
        ValueError: nobody knows that folder; what it says completes "it must be".
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("a path whose `~` stands for a home folder that there is") from None


def file_with_certificates(file: Path) -> Path:
    """Return the file if it holds certificates that can be trusted; one that is not there yet is told when asked.

    Raises:
        ValueError: it cannot be read or holds none; what it says completes "it must be".
    """
    import ssl  # noqa: PLC0415 - 10 ms that only a file which names certificates pays

    try:
        if not file.exists():
            return file
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise ValueError("a file with certificates in it, as PEM: this one holds none") from None
    except OSError as error:
        raise ValueError(f"a file with certificates in it: {error.strerror or 'this one cannot be read'}") from None
    return file


def file_with_key(file: Path) -> Path:
    """Return the file if there may be a key in it; one that is not there yet, or cannot be read, is told when asked.

    Raises:
        ValueError: it is empty; what it says completes "it must be".
    """
    try:
        if file.is_file():
            with file.open("rb") as opened:
                is_empty = not opened.read(_MOST_KEY_BYTES).strip()
        else:
            is_empty = not file.name  # as of ""
    except OSError:
        return file
    if is_empty:
        raise ValueError("a file with a key in it: this one is empty")
    return file
