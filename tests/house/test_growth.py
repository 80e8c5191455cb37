"""Work grows with the length of a text, never with its square: all that sees the words of a model, a user or a file.

What is measured finds itself: every regular expression of ours, and every function at the top of a module that takes a
text. One that needs more than the text is called as `CALLS` says; where that makes no sense, `NOT_FOREIGN` says why.
"""

import gc
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from functools import cache
from typing import Any

import pytest

import chatapp
from chatapp.backend.store.search.terms import parse_terms, pattern_of
from chatapp.errors import ChatappError
from chatapp.protocol.messages import Message

NAMES = {"text", "content", "title", "markdown", "prompt", "words", "query", "line", "block", "reasoning", "value"}
NOT_MEASURED = ("chatapp.local_model",)
NOT_IMPORTED = ("chatapp.__main__", "chatapp.frontend.app", "chatapp.frontend.page", "chatapp.backend.store.migrations")

CALLS: dict[str, Callable[[Any, str], object]] = {
    "chatapp.backend.transfer.importers.chatgpt_content.without_marks": lambda call, text: call(text, {}),
    "chatapp.backend.models.openai.too_long.number_behind": lambda call, text: call(text, ("a", "`", "A b ")),
    "chatapp.backend.turns.estimate.likely_usage": lambda call, text: call([Message.of("user", text)], text, text),
    "chatapp.backend.transfer.exporters.code.highlighted": lambda call, text: [
        call(text, language) for language in ("python", "java", "ts", "html", "c")
    ],
    "chatapp.backend.store.parts.answer_columns": lambda call, text: call(
        [["text", 1], ["reasoning", 1]] * len(text), text=text, reasoning=text
    ),
    "chatapp.backend.store.parts.parts_of": lambda call, text: call(text, text, None),
    "chatapp.backend.store.search.snippets.snippet": lambda call, text: call(text, parse_terms('"a b" c' + text[:400])),
    "chatapp.backend.store.titles.shorten": lambda call, text: call(text, 60),
    "chatapp.frontend.conversations.entries.question_entry": lambda call, text: call(text, UTC),
    "chatapp.protocol.sse.encode_text": lambda call, text: call(text, 1),
    "chatapp.frontend.markdown.code.next_fence": lambda call, text: (call(None, text), call("```", text)),
}
NOT_FOREIGN = {
    "chatapp.backend.store.chunks.append_chunk": "writes to the database",
    "chatapp.frontend.components.texts.draw_markdown": "draws, with what is measured here",
    "chatapp.frontend.components.texts.draw_text": "draws, with what is measured here",
    "chatapp.client.answer_events.ask_once": "asks the backend",
    "chatapp.frontend.session.actions.send": "asks the backend",
    "chatapp.frontend.session.state.give_back": "keeps it",
    "chatapp.frontend.session.state.show": "keeps it",
    "chatapp.cli.serve._tell": "is what we say ourselves",
    "chatapp.cli.session._entry": "asks the terminal",
    "chatapp.cli.session._up_to_quotes": "asks the terminal",
}

FRAGMENTS = (
    "a", "A b ", " ", "\n", "\n\n", "\t", "> ", "\n> ", "- a\n", "# ", "1. ", "1.", ":", ":a", ":a:", ":aaa[", "::",
    "`", "``` ", "```\n", "~", "~~~\n", "\\", "\\(", "\\[", "\\(a", "\\[a\n", "$", "$a", "$$", "$$ ", "x$ ", "$1 ",
    "[", "![", "![a]", "![a](", "](", "]", "[a]: ", "\n[a", "*", "**", "*a", "**a ", "_", "__a", "<", "<br>", "<a ",
    "<details>", "<details type=\"reasoning\">", "</think>", "<think>", "&", "&amp;", "\\begin{align}", "://", "http://",
    "www.", "a@", "a@a.", "\"", "\"a", "'", "(", ")", ",", ";", "=", "|", "| a ", "0", "9.", "-", "--", ".", "a.", "é",
    "e\u0301", "用", "用a", "\u0130", "\x1b[", "\r", "\r\n", "{", "}", "{\"a\":", "\u3010", "\u3010a\u2020",
)  # fmt: skip
ENDS = ("", "`", "!\n]\u3011")
CHARS = 6_000
FEW_S = 0.05
"""What takes less for the long text is not told apart from noise."""
MOST_GROWTH = 9
"""For a text four times as long: 4 is linear, 16 is the square."""


def modules() -> Iterator[Any]:
    for module in pkgutil.walk_packages(chatapp.__path__, "chatapp."):
        if not module.name.startswith(NOT_IMPORTED):
            yield importlib.import_module(module.name)


def _takes_text(function: Any) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(it.name in NAMES and str(it.annotation) in {"<class 'str'>", "str"} for it in parameters)


def _needs_more(function: Any) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return sum(it.default is it.empty for it in parameters) != 1


def _functions(module: Any) -> dict[str, Any]:
    """Return the functions that take a text: the public ones, which call the others, or those where none is public."""
    found = {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and _takes_text(function)
    }
    public = {name: function for name, function in found.items() if not name.startswith("_")}
    return public or {name: function for name, function in found.items() if not _needs_more(function)}


FUNCTIONS = {
    f"{module.__name__}.{name}": function for module in modules() for name, function in _functions(module).items()
}
PATTERNS = {
    f"{module.__name__}.{name}": pattern
    for module in modules()
    for name, pattern in vars(module).items()
    if isinstance(pattern, re.Pattern)
    and isinstance(pattern.pattern, str)
    and not module.__name__.startswith(NOT_MEASURED)
}


@cache
def _hostile_texts(chars: int) -> list[str]:
    return list(_texts(chars))


def _texts(chars: int) -> Iterator[str]:
    for fragment in FRAGMENTS:
        repeated = (fragment * (chars // len(fragment) + 1))[:chars]
        for end in ENDS:
            yield repeated + end
    yield " ".join("`" * (number % 200) for number in range(chars // 100))


def _seconds(call: Callable[[str], object], text: str) -> float:
    gc.disable()  # it looks at all that lives, now and then
    began = time.process_time()
    with suppress(ChatappError, ValueError):  # to refuse it is an answer
        call(text)
    took_s = time.process_time() - began
    gc.enable()
    return took_s


def _assert_linear(call: Callable[[str], object]) -> None:
    for short, long in zip(_hostile_texts(CHARS), _hostile_texts(4 * CHARS), strict=True):
        if _seconds(call, long) < FEW_S:
            continue
        fast, slow = (min(_seconds(call, text) for _ in range(3)) for text in (short, long))
        assert slow < FEW_S or slow / fast < MOST_GROWTH, (
            f"{short[:30]!r}…{short[-3:]!r}: {fast:.3f} s, then {slow:.3f} s"
        )


def _call_of(name: str) -> Callable[[str], object]:
    function = FUNCTIONS[name]
    call = CALLS.get(name)
    return (lambda text: call(function, text)) if call else function


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - set(NOT_FOREIGN)))
def test_no_function_takes_long_for_a_hostile_text(name: str) -> None:
    assert name in CALLS or not _needs_more(FUNCTIONS[name]), f"say in CALLS how {name} is called"
    _assert_linear(_call_of(name))


@pytest.mark.timeout(300)
def test_no_regular_expression_takes_long_for_a_hostile_text() -> None:
    assert len(PATTERNS) > 20
    for pattern in PATTERNS.values():
        _assert_linear(lambda text, pattern=pattern: (pattern.sub("", text), pattern.fullmatch(text)))  # type: ignore[misc]


def test_no_words_that_are_looked_for_take_long_in_a_hostile_text() -> None:
    pattern = pattern_of(parse_terms('"a a a" "a b" 用a a'))

    _assert_linear(pattern.findall)


def test_the_tables_name_what_there_is() -> None:
    assert set(CALLS) | set(NOT_FOREIGN) <= set(FUNCTIONS)
