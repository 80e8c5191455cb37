"""What is said of several connections: how each has failed, and hints that name the settings of one of them."""

from collections.abc import Iterator
from typing import NamedTuple

_USUAL = {"key": "OPENAI_API_KEY", "models": "MODEL_NAME", "ca_file": "SSL_CERT_FILE", "window": "CONTEXT_TOKENS"}
"""What hints name where the setting is one of the environment; the others have the names of their keys."""
_NO_MODEL = "no model answered."
_KEY, _SETTING = "the key of {place}", "{setting} of {place}"
OF_CONNECTIONS = (_NO_MODEL, _KEY, _SETTING)


class OwnSetting(NamedTuple):
    """A setting of one connection, `usual` what hints call that of the environment."""

    usual: str
    message: str
    values: dict[str, str]


def as_usual(sentence: str) -> tuple[str, OwnSetting] | None:
    """Return a sentence that names a setting of one connection as it is said of the environment; None of others."""
    before, _, behind = sentence.partition(" of [connections.")
    name, end, behind = behind.partition("]")
    if not end:
        return None
    place = f"[connections.{name}]"
    head, _, setting = before.rpartition(" ")
    usual = _USUAL.get(setting, setting.upper())
    if setting == "key" and head.endswith("the"):
        own = OwnSetting(usual, _KEY, {"place": place})
        return f"{head.removesuffix('the')}{usual}{behind}", own
    return f"{head} {usual}{behind}".lstrip(), OwnSetting(usual, _SETTING, {"setting": setting, "place": place})


def no_model_answered(sentence: str) -> list[tuple[str, str]]:
    """Return which models have failed and how each did, where a sentence says so of several."""
    rest = sentence.removeprefix(f"{_NO_MODEL} ")
    return list(_failures(rest)) if rest != sentence else []


def _failures(told: str) -> Iterator[tuple[str, str]]:
    model, words = "", list[str]()
    for word in told.split(" "):
        if word.endswith(":") and "/" in word and (not words or words[-1].endswith(".")):
            if words:
                yield model, " ".join(words)
            model, words = word.removesuffix(":"), []
        else:
            words.append(word)
    yield model, " ".join(words)
