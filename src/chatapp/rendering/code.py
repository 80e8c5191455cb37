"""Code in colours, by classes for which the page has a style."""

import time
from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import groupby
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Literal, Name, Number, Operator, String
from pygments.util import ClassNotFound

SECONDS_PER_CHAR = 20e-6
"""What colouring may cost; ordinary code takes a tenth. Lexers of Pygments need the square of the length for some text:
then the rest of it stays as it is."""
_TOKENS_A_LOOK = 32
"""To look at the clock costs as much as a token does."""

LANGUAGES = frozenset(
    {
        "bash", "bat", "c", "c#", "c++", "clojure", "cmake", "cpp", "cs", "csharp", "css", "dart", "diff", "docker",
        "dockerfile", "elixir", "erlang", "f#", "fortran", "fsharp", "go", "golang", "graphql", "groovy", "haskell",
        "hcl", "hs", "html", "ini", "java", "javascript", "jl", "js", "json", "json5", "jsonc", "jsx", "julia",
        "kotlin", "kt", "latex", "lua", "make", "makefile", "matlab", "mysql", "nginx", "nix", "objective-c", "octave",
        "perl", "php", "postgresql", "powershell", "protobuf", "ps1", "py", "python", "r", "rb", "rs", "ruby", "rust",
        "scala", "scss", "sh", "shell", "solidity", "sql", "svg", "swift", "terraform", "tex", "tf", "toml", "ts",
        "tsx", "typescript", "vb.net", "vbnet", "vue", "xml", "yaml", "yml", "zig", "zsh",
    }
)  # fmt: skip
"""What is coloured: a lexer is only taken once `tests/rendering/test_rendering.py` has seen no step of it last
long, for each of them keeps the whole process waiting."""

_READ_AS = {"jsonc": "json5", "kt": "kotlin", "matlab": "octave", "svg": "xml"}
"""Names that Pygments lacks, and a lexer of it that takes long where another reads the same."""

_CLASSES: tuple[tuple[Any, str], ...] = (
    (Comment, "c"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Number, "n"),
    (String, "s"),
    (Literal, "s"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Tag, "k"),
    (Name.Attribute, "f"),
    (Name.Builtin, "b"),
    (Name.Decorator, "b"),
    (Generic.Deleted, "d"),
    (Generic.Inserted, "i"),
)


def highlighted(text: str, language: str) -> str:
    """Return code as HTML, in colours where its language is known."""
    lexer = _lexer(language.lower()) if language.lower() in LANGUAGES else None
    if lexer is None:
        return escape(text)
    pieces = groupby(_classed(text, lexer), key=lambda piece: piece[0])
    return "".join(_span(kind, "".join(said for _, said in same)) for kind, same in pieces)


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(_READ_AS.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _classed(code: str, lexer: Lexer) -> Iterator[tuple[str | None, str]]:
    """Return all of `code` in pieces, each with its class; when the time is used up, the rest without one."""
    deadline_s = time.thread_time() + len(code) * SECONDS_PER_CHAR
    end = 0
    for place, (start, kind, text) in enumerate(lexer.get_tokens_unprocessed(code), 1):
        if start < end:  # lexers that hand parts of a text to others may go back
            continue
        if start > end:
            yield None, code[end:start]
        yield _class_of(kind), text
        end = start + len(text)
        if place % _TOKENS_A_LOOK == 0 and time.thread_time() > deadline_s:
            break
    if end < len(code):
        yield None, code[end:]


@cache
def _class_of(kind: Any) -> str | None:
    return next((name for known, name in _CLASSES if kind in known), None)


def _span(kind: str | None, text: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if kind else escape(text)
