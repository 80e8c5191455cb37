"""The keys of API_KEYS, and whose they are."""

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Iterable
from pathlib import Path

from chatapp.backend.principal import Principal
from chatapp.config import environment
from chatapp.config.api_keys import NamedKey, parse_key_file, parse_keys
from chatapp.config.budgets import Budget, parse_budgets
from chatapp.config.file_state import state_of
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

    A name may have several keys, so that a new one can be handed out before the old one is taken away. Behind the key a
    line of the file may say what its name may spend: `ann:<SHA-256 of the key> 5/day,100/month`.
    """

    def __init__(self, api_keys: str) -> None:
        self._file = _file_named_by(api_keys)
        self._seen: tuple[int, ...] | None = None
        self._reading = asyncio.Lock()
        self._owners: dict[str, list[tuple[str, str]]] = {}
        self._budgets: tuple[Budget, ...] = ()
        own_key = environment.value(OWN_KEY)
        self._own = [("", _digest(own_key))] if own_key else []
        if self._file is None:
            self._owners = _by_id(_owner(entry, is_digest=False) for entry in parse_keys(api_keys))
        else:
            self._read(self._file)

    @property
    def is_reloadable(self) -> bool:
        """Return whether keys can come and go while we run."""
        return self._file is not None

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all keys."""
        return frozenset(name for pairs in self._owners.values() for name, _ in pairs)

    def is_owner(self, name: str) -> bool:
        """Return whether somebody has a key of that name, or is let in as nobody by our own."""
        return name in self.names or (not name and bool(self._own))

    def budgets(self) -> tuple[Budget, ...]:
        """Return what the names may spend by the file, as it was read last."""
        return self._budgets

    def principal_of(self, key: bytes) -> Principal | None:
        """Return whose key it is, None for one that we do not know.

        Only keys of the same id are compared, or many would take long. An id is no secret, and tells nothing of a key.
        """
        digest = hashlib.sha256(key).hexdigest()
        key_id = digest[:KEY_ID_DIGITS]
        owner = None
        for name, known in (*self._owners.get(key_id, ()), *self._own):
            if hmac.compare_digest(known, digest):
                owner = name
        return None if owner is None else Principal(owner, key_id)

    async def refresh(self) -> None:
        """Read the file again if it has changed, in a thread: it may be long. While it cannot be read, no key is good.

        Whoever comes meanwhile waits: a key that was taken away must not let anybody in any more.
        """
        if self._file is None or self._seen == state_of(self._file) != ():
            return
        async with self._reading:
            try:
                await asyncio.to_thread(self._read, self._file)
            except SettingsError as error:
                if self._seen is not None:
                    log.error("%s All keys are refused until it can be read.", error.detail)
                self._seen, self._owners, self._budgets = None, {}, ()

    def _read(self, file: Path) -> None:
        seen = state_of(file)
        if seen and seen == self._seen:
            return
        try:
            entries = parse_key_file(file.read_text(encoding="utf-8-sig"))
            budgets = [budget for entry in entries for budget in _budgets_of(entry)]
            self._owners = _by_id(_owner(entry, is_digest=True) for entry in entries)
            self._budgets, self._seen = tuple(dict.fromkeys(budgets)), seen
        except (OSError, ValueError) as error:
            raise SettingsError("API_KEYS names a file that cannot be read.", hint=_HINT) from error


_HINT = (
    "It must be name:key pairs separated by commas, or the path of a file of name:<SHA-256 of the key> lines, each "
    "perhaps with a budget behind it, such as 5/day."
)


def _file_named_by(api_keys: str) -> Path | None:
    """Return the file that holds the keys, or None where the setting itself holds them."""
    path = Path(api_keys)
    try:
        return path if ":" not in api_keys or path.is_absolute() or path.is_file() else None
    except OSError:  # a long list of pairs is no file name
        return None


def _owner(entry: NamedKey, *, is_digest: bool) -> tuple[str, str]:
    """Return the name and the digest of one entry, which no error may show."""
    name, secret = entry.name, entry.key
    digest = secret.lower() if is_digest else _digest(secret)
    if not (_NAME.fullmatch(name) and secret and _DIGEST.fullmatch(digest) and digest != _OF_NOTHING):
        if is_digest:
            raise _wrong_line(entry)
        raise SettingsError(
            "API_KEYS has an entry that cannot be used.", hint=f"Number {entry.number} must be name:key."
        )
    return name, digest


def _wrong_line(entry: NamedKey) -> SettingsError:
    hint = "It must be name:<SHA-256 of the key>, perhaps with a budget behind it, such as 5/day."
    return SettingsError(f"Line {entry.number} of the file that API_KEYS names cannot be used.", hint=hint)


def _budgets_of(entry: NamedKey) -> tuple[Budget, ...]:
    """Return what stands behind the key in a line of a file.

    Raises:
        SettingsError: it is no budget.
    """
    amounts = entry.budgets.split(",")
    try:
        return parse_budgets(",".join([f"{entry.name}:{amount}" for amount in amounts if amount.strip()]))
    except ValueError:
        raise _wrong_line(entry) from None


def _by_id(pairs: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Return `pairs` by the ids of their keys. No key may be two people's: one would see what the other has asked."""
    owner_of: dict[str, str] = {}
    of_id: dict[str, list[tuple[str, str]]] = {}
    for name, digest in pairs:
        if owner_of.setdefault(digest, name) != name:
            raise SettingsError(f"API_KEYS gives {owner_of[digest]} and {name} the same key.", hint=_HINT)
        of_id.setdefault(digest[:KEY_ID_DIGITS], []).append((name, digest))
    return of_id


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
