"""The keys of API_KEYS, and whose they are."""

import hashlib
import hmac
import logging
import re
from pathlib import Path

from chatapp.backend.principal import Principal
from chatapp.config import environment
from chatapp.config.api_keys import NamedKey, parse_key, parse_keys
from chatapp.errors import SettingsError

_NAME = re.compile(r"[\w.@+'-]{1,100}")
_DIGEST = re.compile(r"[0-9a-f]{64}")

_OF_NOTHING = hashlib.sha256(b"").hexdigest()
"""What a line of a key file has whose key was forgotten."""

OWN_KEY = "CHATAPP_OWN_KEY"
"""The variable in which `chatapp ask` tells a backend of its own their key. It owns what is kept without keys."""

KEY_ID_DIGITS = 8
"""How much of a key's digest tells it from others; nobody finds the key by it."""

log = logging.getLogger(__name__)


class KeyRing:
    """The keys of `name:key` pairs, or of a file of `name:<SHA-256 of the key>` lines that is read again on change.

    A name may have several keys, so that a new one can be handed out before the old one is taken away.
    """

    def __init__(self, api_keys: str) -> None:
        self._file = _file_named_by(api_keys)
        self._seen: object = None
        self._owners: list[tuple[str, str]] = []
        own_key = environment.value(OWN_KEY)
        self._own = [("", _digest(own_key))] if own_key else []
        if self._file is None:
            self._owners = _without_doubles([_owner(entry, is_digest=False) for entry in parse_keys(api_keys)])
        else:
            self._read(self._file)

    @property
    def is_reloadable(self) -> bool:
        """Return whether keys can come and go while we run."""
        return self._file is not None

    def principal_of(self, key: bytes) -> Principal | None:
        """Return whose key it is, None for one that we do not know. Takes the same time either way."""
        self._refresh()
        digest = hashlib.sha256(key).hexdigest()
        owner = None
        for name, known in (*self._owners, *self._own):
            if hmac.compare_digest(known, digest):
                owner = name
        return None if owner is None else Principal(owner, digest[:KEY_ID_DIGITS])

    def _refresh(self) -> None:
        """Read the file again if it has changed; while it cannot be read, no key is good."""
        if self._file is None:
            return
        try:
            self._read(self._file)
        except SettingsError as error:
            if self._seen is not None:
                log.error("%s All keys are refused until it can be read.", error.detail)
            self._seen, self._owners = None, []

    def _read(self, file: Path) -> None:
        try:
            stat = file.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                lines = file.read_text(encoding="utf-8").splitlines()
                self._owners = _without_doubles(
                    [_owner(parse_key(line), is_digest=True) for line in lines if line.strip()]
                )
                self._seen = seen
        except (OSError, ValueError) as error:
            raise SettingsError("API_KEYS names a file that cannot be read.", hint=_HINT) from error


_HINT = "It must be name:key pairs separated by commas, or the path of a file of name:<SHA-256 of the key> lines."


def _file_named_by(api_keys: str) -> Path | None:
    """Return the file that holds the keys, or None where the setting itself holds them."""
    path = Path(api_keys)
    try:
        return path if ":" not in api_keys or path.is_absolute() or path.is_file() else None
    except OSError:  # a long list of pairs is no file name
        return None


def _owner(entry: NamedKey, *, is_digest: bool) -> tuple[str, str]:
    """Return the name and the digest of one entry, which no error may show."""
    name, secret = entry
    digest = secret.lower() if is_digest else _digest(secret)
    if not (_NAME.fullmatch(name) and secret and _DIGEST.fullmatch(digest) and digest != _OF_NOTHING):
        where = "The file that API_KEYS names has a line" if is_digest else "API_KEYS has an entry"
        raise SettingsError(f"{where} that cannot be used.", hint=_HINT)
    return name, digest


def _without_doubles(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return `pairs`, in which no key may be two people's: one of them would see what the other has asked."""
    owner_of: dict[str, str] = {}
    for name, digest in pairs:
        if owner_of.setdefault(digest, name) != name:
            raise SettingsError(f"API_KEYS gives {owner_of[digest]} and {name} the same key.", hint=_HINT)
    return pairs


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
