"""The keys of a connection: several take turns, and one that its server limits rests."""

import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path

from chatapp.config import environment
from chatapp.config.file_state import state_of
from chatapp.errors import (
    SettingsError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
)
from chatapp.providers.connection import ApiKey, Upstream

REST_S = 60.0
"""How long a key rests whose server does not say until when it is limited."""

LONG_REST_S = 600.0
"""How long a key rests that is refused, or whose account is empty."""

log = logging.getLogger(__name__)


class Key:
    """One key as it is now: from a file that is read again when it changes, or from where it never does."""

    def __init__(self, source: ApiKey) -> None:
        self.resting_until = 0.0
        self._source = source
        self._text = source.value.get_secret_value() if source.value else ""
        self._seen: tuple[int, ...] | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is a key, as far as has been looked."""
        return bool(self._text)

    def headers(self) -> dict[str, str]:
        """Return the Authorization header, or none where there is no key.

        Raises:
            UpstreamAuthError: the file cannot be read, or the variable is not set.
        """
        if self._source.file is not None:
            self._read(self._source.file)
        elif self._source.variable is not None and not self._text:
            self._text = _from_variable(self._source.variable)
        return {"Authorization": f"Bearer {self._text}"} if self._text else {}

    def _read(self, file: Path) -> None:
        try:
            if not (seen := state_of(file)) or seen != self._seen:
                self._text, self._seen = file.read_text(encoding="utf-8-sig").strip(), seen
            _require_sendable(self._text)
            if not self._text:
                raise ValueError(file)  # without a key the server would be blamed for what it says
        except (OSError, ValueError) as error:
            what = "cannot be read" if isinstance(error, OSError) else "holds none that can be sent"
            raise _unsent(f"the file with the API key {what}.", hint="Check OPENAI_API_KEY_FILE.") from error


class Keys:
    """The keys of one connection. Without any, questions go without."""

    def __init__(self, upstream: Upstream) -> None:
        self._name = upstream.name
        self._keys = [Key(source) for source in upstream.keys] or [Key(ApiKey())]
        self._next = 0

    @property
    def is_set(self) -> bool:
        """Whether there is a key, as far as has been looked."""
        return any(key.is_set for key in self._keys)

    def in_turn(self) -> Iterator[Key]:
        """Yield the keys to ask with, the one whose turn it is first; those that rest are passed over.

        Raises:
            UpstreamRateLimitedError: all of several rest.
        """
        if len(self._keys) == 1:
            yield self._keys[0]
            return
        now = time.monotonic()
        awake = [key for key in self._from_next() if key.resting_until <= now]
        if not awake:
            wait_s = math.ceil(min(key.resting_until for key in self._keys) - now)
            raise UpstreamRateLimitedError(
                "all keys of the model server are limited.", hint="Wait a moment and ask again.", retry_after=wait_s
            )
        self._next = (self._keys.index(awake[0]) + 1) % len(self._keys)  # one that rests has no turn to give away
        yield from awake

    def current(self) -> Key:
        """Return a key for what takes no turn: the one that is next, if it does not rest."""
        now = time.monotonic()
        return next((key for key in self._from_next() if key.resting_until <= now), self._keys[self._next])

    def _from_next(self) -> list[Key]:
        return [*self._keys[self._next :], *self._keys[: self._next]]

    def rest(self, key: Key, error: UpstreamError) -> bool:
        """Let a key of several rest that was refused with `error`; return whether another may do better."""
        if len(self._keys) == 1 or not isinstance(
            error, UpstreamRateLimitedError | UpstreamQuotaError | UpstreamAuthError
        ):
            return False
        rest_s = (error.retry_after or REST_S) if isinstance(error, UpstreamRateLimitedError) else LONG_REST_S
        key.resting_until = time.monotonic() + rest_s
        place = self._keys.index(key) + 1
        log.warning("key %d of the connection %s rests for %.0f s: %s", place, self._name, rest_s, error.code)
        return True


def _from_variable(name: str) -> str:
    try:
        text = environment.secret(name)
        if text is None:
            raise _unsent(f"the variable {name} with the API key is not set.", hint=f"Set {name}.")
        _require_sendable(text)
    except (SettingsError, ValueError) as error:
        raise _unsent(f"{name} holds no API key that can be sent.", hint=f"Check {name}.") from error
    return text.strip()


def _unsent(what: str, *, hint: str) -> UpstreamAuthError:
    error = UpstreamAuthError(what, hint=hint)
    error.is_unsent = True
    return error


def _require_sendable(key: str) -> None:
    if not (key.isascii() and key.isprintable()):
        raise ValueError("no header can hold it")
