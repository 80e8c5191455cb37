"""A `.env` file: its variables, and what is wrong in it, by line."""

from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chatapp.errors import SettingsError

if TYPE_CHECKING:
    from dotenv.parser import Binding

SETTINGS = (
    "OPENAI_API_KEY", "OPENAI_API_KEY_FILE", "BASE_URL", "OPENAI_BASE_URL", "MODEL_NAME", "LOCAL_MODEL", "BACKEND_URL",
    "BACKEND_API_KEY", "USE_STREAMING", "REQUEST_TIMEOUT", "HOST", "PORT", "UI_PORT", "ALLOWED_HOSTS", "API_KEYS",
    "RATE_LIMIT", "REDIS_URL", "TRUSTED_PROXY", "CORS_ORIGINS", "CONNECT_TIMEOUT", "FIRST_CONTENT_TIMEOUT",
    "GAP_TIMEOUT", "TOTAL_TIMEOUT", "CONTEXT_TOKENS", "MAX_BODY_BYTES", "MAX_PROMPT_CHARS", "MAX_EVENT_BYTES",
    "MAX_ANSWER_BYTES", "MAX_ACTIVE_TURNS", "LOG_LEVEL", "LOG_FORMAT", "DATA_DIR", "DATABASE_URL", "BUDGETS",
    "CONNECTIONS", "GATEWAY_STORE", "SHARE_LINKS", "ADMIN_KEYS", "MAX_ATTACHMENT_BYTES", "ATTACHMENT_QUOTA_BYTES",
)  # fmt: skip
"""The settings by name, and what is read as one of them. `Settings` defines them, but takes a second to import."""

_LIKENESS = 0.8
"""How like a setting a name must be to be taken for a misspelt one: OPENAI_KEY is, and MODEL may be another's."""


class EnvFile(NamedTuple):
    """What a file sets, None for a name without `=`; `warnings` are sentences on lines that were meant otherwise."""

    variables: dict[str, str | None]
    warnings: list[str]


def read_env_file(path: Path) -> EnvFile:
    """Return what the file at `path` says.

    Raises:
        SettingsError: a line that names a setting cannot be read.
        OSError, ValueError: it is no file of text.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - 20 ms, only where there is a file
    from dotenv.parser import parse_stream  # noqa: PLC0415

    lines = list(parse_stream(StringIO(path.read_text(encoding="utf-8-sig"))))
    warnings = [*_unreadable(path, lines), *_misspelt(path, lines)]
    readable = "".join(line.original.string for line in lines if not line.error)
    return EnvFile(dotenv_values(stream=StringIO(readable)), warnings)


def _unreadable(path: Path, lines: "Iterable[Binding]") -> Iterator[str]:
    for line in lines:
        if not line.error:
            continue
        number, words = _place(line)
        name = words.removeprefix("export ").partition("=")[0].strip()
        sentence = f"Line {number} of {path} cannot be read"
        if name.upper() in SETTINGS:
            raise SettingsError(f"{sentence}: {name.upper()}.", hint=f"Write {name.upper()}=value; close its quotes.")
        yield f"{sentence}."


def _misspelt(path: Path, lines: "Iterable[Binding]") -> Iterator[str]:
    from difflib import get_close_matches  # noqa: PLC0415

    for line in lines:
        name = (line.key or "").upper()
        if name and name not in SETTINGS and (meant := get_close_matches(name, SETTINGS, 1, _LIKENESS)):
            yield f"Line {_place(line)[0]} of {path} sets {line.key}, which is no setting. Did you mean {meant[0]}?"


def _place(line: "Binding") -> tuple[int, str]:
    """Return the number of the line on which something stands, and its words: empty lines before it belong to it."""
    text = line.original.string
    words = text.lstrip()
    return line.original.line + text[: len(text) - len(words)].count("\n"), words.partition("\n")[0].rstrip()
