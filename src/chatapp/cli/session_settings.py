"""`/set` in a session: how the model chooses its words, in the names that the options of `ask` have."""

from collections.abc import Callable, Mapping
from typing import Any

from chatapp.errors import SettingsError
from chatapp.protocol.question import EFFORTS

_DEFAULT = "default"
_KINDS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "temperature": ("temperature", float, "a number: 0 is the most predictable, 2 the most varied"),
    "max-tokens": ("max_tokens", int, "a whole number: the longest answer, in tokens"),
    "effort": ("reasoning_effort", str, f"one of {', '.join(EFFORTS)}"),
}
"""By what is typed: the field of a question, what reads its value, and what that is."""


def sampling_lines(sampling: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting, as it is typed."""
    return [f"/set {name}={sampling.get(field, _DEFAULT)}" for name, (field, _, _) in _KINDS.items()]


def with_setting(sampling: Mapping[str, Any], typed: str) -> dict[str, Any]:
    """Return `sampling` with one setting changed as `typed`: its name, and its value or `default`, which takes it away.

    Raises:
        SettingsError: there is no such setting, or its value is none that it can have.
    """
    word, _, value = typed.replace("=", " ", 1).partition(" ")
    name = word.lower().replace("_", "-")
    if name not in _KINDS:
        raise SettingsError(f"There is no setting {word!r}.", hint=f"There are: {', '.join(_KINDS)}.")
    field, read, meaning = _KINDS[name]
    others = {key: it for key, it in sampling.items() if key != field}
    value = value.strip().lower()
    if value == _DEFAULT:
        return others
    try:
        return {**others, field: read(value)}
    except ValueError:
        raise SettingsError(f"{name} is {value!r}.", hint=f"It must be {meaning}, or {_DEFAULT}.") from None
