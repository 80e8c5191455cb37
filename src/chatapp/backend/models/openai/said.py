"""What a server said of a failure, in whichever shape: only to be searched, never shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

MAX_WORDS = 4000
"""How many characters of a server's words are looked at."""

_MAX_VALUES = 100
_MAX_DEPTH = 7

_CODES = ("code", "type", "finish_reason", "status", "reason", "error_code", "error_type", "err_code", "status_code")
_WORDS = (
    "message", "msg", "error", "errors", "detail", "details", "error_message", "error_msg", "status_msg", "title",
    "errormessage", "error_description", "faultstring", "reason", "exception", "err", "quotaid",
)  # fmt: skip
_AROUND = (
    "metadata", "raw", "innererror", "choices", "content_filter_results", "base_resp", "x_groq", "header", "response",
    "headers", "issues", "fault", "external_model_message", "violations",
)  # fmt: skip
_HOLD_JSON = {"message", "raw", "detail", "error"}
"""Where gateways pass on what another server said, as text."""
_NUMBERS = ("n_ctx", "n_prompt_tokens")
_DELAYS = (
    "retrydelay", "retryafter", "retry_after", "retry_after_seconds", "estimated_time", "resets_in_seconds",
    "x-ratelimit-reset", "retry-after",
)  # fmt: skip
_DELAY_MS = "retry_after_ms"
_PLACES = ("param", "loc", "keys", "path", "field")
"""What names the field that is at fault: OpenAI's, FastAPI's, Zod's twice, and of many a gateway."""
_BY_FIELD = ("error", "errors")
_FIELDS = tuple(dict.fromkeys((*_CODES, *_WORDS, *_AROUND, *_NUMBERS, *_DELAYS, _DELAY_MS, *_PLACES)))


@dataclass(slots=True)
class ErrorWords:
    """What matters of an error's body. All texts are in lower case.

    `codes` are its codes and types, `words` its sentences with one blank between words, `parameter` the field that it
    blames, `numbers` what llama.cpp says of the window, `delay_s` how long to wait.
    """

    codes: set[str] = field(default_factory=set)
    words: str = ""
    parameter: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    delay_s: str = ""

    def has_code(self, *names: str) -> bool:
        """Return whether one of the codes is, or ends in, one of `names`."""
        return any(code in names or code.rpartition(".")[2] in names for code in self.codes)

    def says(self, *phrases: str) -> bool:
        """Return whether one of `phrases` is among the words."""
        return any(phrase in self.words for phrase in phrases)

    @property
    def status(self) -> int | None:
        """The HTTP status that the body names, where an error comes inside a 200."""
        return next((int(code) for code in sorted(self.codes) if code.isdecimal() and 400 <= int(code) < 600), None)  # noqa: PLR2004


def said_in_body(body: bytes) -> ErrorWords:
    """Return what the body of a response says; of a web page nothing, which talks of cookies and keys to people."""
    try:
        return said_in(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:MAX_WORDS].decode(errors="replace").strip()
        return ErrorWords() if text.startswith("<") else said_in(text)


def said_in(body: object) -> ErrorWords:
    """Return what an error object, a list of such, or a bare sentence says."""
    said, words = ErrorWords(), list[str]()
    for number, (name, value) in enumerate(_values("error", body, _MAX_DEPTH)):
        if number == _MAX_VALUES:
            break
        _take(said, words, name, value)
    said.words = " ".join(" ".join(words)[:MAX_WORDS].lower().split())
    return said


def _take(said: ErrorWords, words: list[str], name: str, value: Any) -> None:
    if name in _CODES and isinstance(value, str | int):
        said.codes.add(str(value)[:100].lower())
    if name in _PLACES and value and isinstance(value, str) and not value.startswith("/"):  # which is a path of the API
        said.parameter = said.parameter or str(value)[:100].lower()
    if name in _NUMBERS and type(value) is int and value > 0:
        said.numbers[name] = value
    if name in _DELAYS and isinstance(value, str | int | float):
        said.delay_s = said.delay_s or str(value)[:20]
    if name == _DELAY_MS and isinstance(value, int | float):
        said.delay_s = said.delay_s or f"{value}ms"
    if name in {*_WORDS, "raw"} and isinstance(value, str):
        words.append(value[:MAX_WORDS])


def _values(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Return the fields that are known to say something, outermost first; what echoes the question is passed by.

    Their names are in small letters, however the server writes them: Tencent's have a capital.
    """
    if depth == 0:
        return
    if isinstance(value, str) and name in _HOLD_JSON and (inner := _decoded(value)) is not None:
        if value.startswith("{"):
            value = inner
        else:
            yield from _values(name, inner, depth - 1)
    if isinstance(value, dict):
        fields = {str(inner).lower(): told for inner, told in value.items()}
        known = [inner for inner in _FIELDS if inner in fields]
        for inner in known:
            yield from _values(inner, fields[inner], depth - 1)
        if not known and name in _BY_FIELD:
            yield from _by_field(value, depth - 1)
    elif isinstance(value, list) and name in _PLACES:
        yield name, ".".join(part[:100] for part in value[:4] if isinstance(part, str) and part != "body")
    elif isinstance(value, list):
        for item in value[:10]:
            yield from _values(name, item, depth - 1)
    else:
        yield name, value


def _by_field(errors: dict[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
    """Return what is said of each field, where errors are by their names: ASP.NET and Django."""
    for place, told in list(errors.items())[:10]:
        yield "loc", str(place)[:100]
        yield from _values("msg", told, depth)


def _decoded(text: str) -> object:
    """Return the object that a gateway has passed on as text, perhaps behind words of its own; None for none."""
    try:
        return json.JSONDecoder().raw_decode(text[:MAX_WORDS], text.index("{", 0, MAX_WORDS))[0]
    except (ValueError, RecursionError):
        return None
