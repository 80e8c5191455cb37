"""Work grows with the length of a text, never with its square: all that sees the words of a model, a user or a file.

What is measured finds itself: every regular expression of ours, and every function at the top of a module and every
public method that takes a text. One that needs more than the text is called as `CALLS` says, a method as `METHODS`
says; where that makes no sense, `NOT_FOREIGN` says why.
"""

import gc
import importlib
import inspect
import json
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from functools import cache, partial
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

import chatapp
from chatapp.backend.attachments.budget import FileBudget
from chatapp.backend.models.chat_model import Batch, ModelRequest
from chatapp.backend.models.openai.answer_state import AnswerState
from chatapp.backend.models.openai.answer_text import AnswerText
from chatapp.backend.models.openai.ordinary import ContentFrame
from chatapp.backend.models.openai.stop_strings import StopStrings
from chatapp.backend.models.openai.think_tags import ThinkTags
from chatapp.backend.store.column_types import SafeText
from chatapp.backend.store.search.terms import parse_terms, pattern_of
from chatapp.backend.transfer.importers.html_text import _Writer
from chatapp.backend.transfer.importers.json_values import Fingerprints
from chatapp.cli.terminal import PlainAnswer, StatusLine
from chatapp.errors import ChatappError
from chatapp.frontend.languages.language import languages
from chatapp.frontend.transcript.live_blocks import LiveBlocks
from chatapp.protocol.chosen_pages import ChosenPages
from chatapp.protocol.events import Reasoning, Text
from chatapp.protocol.messages import Message
from chatapp.protocol.resources import ConnectionInfo, ListedModelInfo, ModelsInfo
from chatapp.protocol.sse import Decoder
from chatapp.protocol.wording import ENGLISH

NAMES = {
    "text",
    "content",
    "title",
    "markdown",
    "prompt",
    "words",
    "query",
    "line",
    "block",
    "reasoning",
    "value",
    "data",
}
TEXTS = {"<class 'str'>", "str", "str | None", "<class 'bytes'>", "bytes"}
NOT_MEASURED = ("chatapp.local_model",)
NOT_IMPORTED = ("chatapp.__main__", "chatapp.frontend.app", "chatapp.frontend.page", "chatapp.backend.store.migrations")

MODELS = ModelsInfo("a", ("a",), (ConnectionInfo("c", True, models=(ListedModelInfo("a", "a"),)),))


def _choice(text: str) -> None:
    with suppress(ValueError):
        ChosenPages.parse(text)


CALLS: dict[str, Callable[[Any, str], object]] = {
    "chatapp.backend.attachments.choosing.text_of_pages": lambda call, text: call(text, ChosenPages(((2, None),))),
    "chatapp.backend.attachments.passages.fitting_passages": lambda call, text: call(text, text, chars=2000),
    "chatapp.config.toml_lines.line_of": lambda call, text: call(text, ["a", "b"]),
    "chatapp.documents.visible.as_power": lambda call, text: call(text, is_raised=True),
    "chatapp.frontend.components.model_list.groups_of": lambda call, text: list(call(MODELS, text)),
    "chatapp.backend.transfer.importers.chatgpt_marks.without_marks": lambda call, text: call(text, {}),
    "chatapp.backend.transfer.importers.claude_artifacts.parted": lambda call, text: [*call(text, "<a>", "</a>")],
    "chatapp.backend.models.openai.chunk.read_chunk": lambda call, text: call(text.encode()),
    "chatapp.backend.models.openai.chunk.read_whole": lambda call, text: call(text.encode()),
    "chatapp.cli.http_protocol.without_offer": lambda call, text: call(f"x\r\nupgrade:{text}".encode()),
    "chatapp.backend.models.openai.too_long.number_before": lambda call, text: call(text, "a`"),
    "chatapp.backend.models.openai.too_long.number_behind": lambda call, text: call(text, ("a", "`", "A b ")),
    "chatapp.backend.turns.estimate.likely_usage": lambda call, text: call(
        ModelRequest([Message.of("user", text)]), text, text
    ),
    "chatapp.rendering.code.highlighted": lambda call, text: call(text[: len(text) // 12], "java"),
    "chatapp.rendering.mathml.mathml": lambda call, text: call(text[: len(text) // 10]),
    "chatapp.rendering.markdown.html_of": lambda call, text: call(text[: len(text) // 4]),
    "chatapp.backend.store.parts.answer_columns": lambda call, text: call(
        [["text", 1], ["reasoning", 1]] * (len(text) // 8), text=text, reasoning=text
    ),
    "chatapp.backend.store.parts.parts_of": lambda call, text: call(text, text, None),
    "chatapp.backend.store.search.snippets.snippet": lambda call, text: call(text, parse_terms('"a b" c' + text[:400])),
    "chatapp.backend.store.titles.shorten": lambda call, text: call(text, 60),
    "chatapp.cli.writing.cited_line": lambda call, text: call(1, text, text),
    "chatapp.cli.terminal.fitted": lambda call, text: call(text, 80),
    "chatapp.frontend.markdown.plain_growth.words_behind": lambda call, text: call(text, text, f"<p>{text}</p>"),
    "chatapp.frontend.transcript.html_cache.message_html": lambda call, text: call(text[: len(text) // 4]),
    "chatapp.frontend.conversations.entries.question_entry": lambda call, text: call(text, UTC),
    "chatapp.protocol.sse.encode_text": lambda call, text: call(text, 1),
    "chatapp.frontend.markdown.code.next_fence": lambda call, text: (call(None, text), call("```", text)),
}


def _said_and_thought_in_turn(batch: Batch) -> Callable[[str], object]:
    kinds = cycle((Text, Reasoning))
    return lambda piece: batch.add(next(kinds), piece)


def _answer_text(answer: AnswerText, batch: Batch) -> Callable[[str], object]:
    return lambda piece: answer.add_piece(Text, piece, batch)


def _added(answer: AnswerState, batch: Batch) -> Callable[[str], object]:
    return lambda text: answer.add_text(text, batch)


def _plain_text(answer: AnswerText, batch: Batch) -> Callable[[str], object]:
    answer.add_piece(Text, "a", batch)
    return lambda piece: answer.add_plain(piece, batch)


def _word(text: str) -> bytes:
    return json.dumps({"choices": [{"delta": {"content": text}}]}).encode()


def _think_tags(tags: ThinkTags) -> Callable[[str], object]:
    return lambda piece: list(tags.sort(piece))


def _decoder(decoder: Decoder) -> Callable[[str], object]:
    return lambda piece: decoder.feed(piece.encode())


def _live_blocks(blocks: LiveBlocks) -> Callable[[str], object]:
    return lambda piece: blocks.grow(piece[: len(piece) // 4])


METHODS: dict[str, Callable[[], Callable[[str], object]]] = {
    "chatapp.backend.attachments.budget.FileBudget.text_of": lambda: (
        lambda piece: FileBudget(None, len, "a b").text_of("a.txt", piece, is_last=True)
    ),
    "chatapp.backend.models.chat_model.Batch.add": lambda: _said_and_thought_in_turn(Batch()),
    "chatapp.backend.models.openai.answer_state.AnswerState.add_text": lambda: _added(
        AnswerState(stop=["aaab"]), Batch()
    ),
    "chatapp.backend.models.openai.answer_text.AnswerText.add_piece": lambda: _answer_text(
        AnswerText(stop=["aaab"]), Batch()
    ),
    "chatapp.backend.models.openai.answer_text.AnswerText.add_plain": lambda: _plain_text(AnswerText(), Batch()),
    "chatapp.backend.models.openai.ordinary.ContentFrame.learn": lambda: (
        lambda piece: ContentFrame().learn(_word(piece))
    ),
    "chatapp.backend.models.openai.stop_strings.StopStrings.feed": lambda: StopStrings(["aaab", "b " * 50, "``x"]).feed,
    "chatapp.backend.models.openai.think_tags.ThinkTags.begin_plainly": lambda: ThinkTags().begin_plainly,
    "chatapp.backend.models.openai.think_tags.ThinkTags.pass_by": lambda: ThinkTags().pass_by,
    "chatapp.backend.models.openai.think_tags.ThinkTags.sort": lambda: _think_tags(ThinkTags()),
    "chatapp.backend.store.column_types.SafeText.process_bind_param": lambda: (
        lambda piece: SafeText().process_bind_param(piece, sqlite.dialect())
    ),
    "chatapp.backend.transfer.importers.html_text._Writer.write": lambda: _Writer().write,
    "chatapp.backend.transfer.importers.json_values.Fingerprints.of": lambda: Fingerprints(salt="x").of,
    "chatapp.cli.terminal.PlainAnswer.add": lambda: PlainAnswer().add,
    "chatapp.cli.terminal.StatusLine.show": lambda: StatusLine().show,
    "chatapp.frontend.languages.language.Language.isolated": lambda: languages()["ar"].isolated,
    "chatapp.frontend.transcript.live_blocks.LiveBlocks.grow": lambda: _live_blocks(LiveBlocks(clock=lambda: 0.0)),
    "chatapp.protocol.chosen_pages.ChosenPages.parse": lambda: _choice,
    "chatapp.protocol.messages.Message.of": lambda: partial(Message.of, "user"),
    "chatapp.protocol.sse.Decoder.feed": lambda: _decoder(Decoder()),
    "chatapp.protocol.sse.Decoder.plain": lambda: lambda piece: Decoder().plain(piece.encode()),
    "chatapp.protocol.wording.Words.isolated": lambda: ENGLISH.isolated,
}
"""Each makes what takes a text, whole or in pieces as it comes in."""

NOT_FOREIGN_METHODS = {
    "chatapp.backend.http.multipart._Form.": "cuts what is known to be there",
    "chatapp.backend.models.transport.": "is httptools, in C, with limits of its own",
    "chatapp.backend.store.attachments.Attachments.": "writes to the database",
    "chatapp.backend.store.search.search.Search.": "asks the database, with what is measured here",
    "chatapp.backend.store.summaries.Summaries.": "writes to the database",
    "chatapp.cli.http_protocol.HttpProtocol.": "is httptools, in C",
    "chatapp.cli.http_protocol.JoinedHead.": "hands on what we say ourselves",
    "chatapp.cli.markdown.MarkdownAnswer.": "is Rich, and rests after each look for longer than that took",
    "chatapp.cli.shell_chat.ShellChat.": "asks the backend",
    "chatapp.cli.writing.AnswerWriter.": "is a protocol",
    "chatapp.client.": "asks the backend",
    "chatapp.documents.web._Converter.": "reads files, in a process with limits",
    "chatapp.frontend.conversations.": "asks the backend",
    "chatapp.frontend.session.view.View.": "asks the backend",
    "chatapp.frontend.transcript.html_cache.HtmlCache.": "keeps what is measured here",
}
NOT_FOREIGN = {
    "chatapp.frontend.transcript.html_cache.keep_message_html": "keeps what is measured here",
    "chatapp.backend.store.chunks.append_chunk": "writes to the database",
    "chatapp.config.replacing.replace_file": "writes it to a file",
    "chatapp.backend.transfer.importers.joining.in_line": "looks whether there is a text, not into it",
    "chatapp.cli.conversations.find_conversations": "asks the backend",
    "chatapp.cli.project_changes.instructions_of": "reads what its user typed, or a file of theirs, and nothing in it",
    "chatapp.client.answer_events.ask_once": "asks the backend",
    "chatapp.frontend.screens.talk.name_page": "hands it to Streamlit",
    "chatapp.frontend.session.actions.edit": "asks the backend",
    "chatapp.frontend.session.actions.go_on": "asks the backend",
    "chatapp.frontend.session.actions.send": "asks the backend",
    "chatapp.frontend.session.answer_actions.change_summary": "asks the backend",
    "chatapp.frontend.session.state.give_back": "keeps it",
    "chatapp.cli.announcing.tell": "is what we say ourselves",
    "chatapp.cli.terminal.say": "is what we say ourselves",
    "chatapp.cli.typed_entries._entry": "asks the terminal",
    "chatapp.cli.typed_entries._up_to_quotes": "asks the terminal",
    "chatapp.frontend.transcript.live_blocks._open_html": "is measured with LiveBlocks.grow",
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
PIECE_CHARS = 50
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
    return any(it.name in NAMES and str(it.annotation) in TEXTS for it in parameters)


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
        slow = _seconds(call, long)
        if slow < FEW_S:
            continue
        fast = min(_seconds(call, short) for _ in range(3))
        if slow / fast >= MOST_GROWTH:  # perhaps it was a busy moment
            slow = min(_seconds(call, long) for _ in range(3))
        assert slow < FEW_S or slow / fast < MOST_GROWTH, (
            f"{short[:30]!r}…{short[-3:]!r}: {fast:.3f} s, then {slow:.3f} s"
        )


def _methods(module: Any) -> dict[str, Any]:
    """Return the public methods that take a text, of the classes of a module."""
    of_class = [(it.__name__, vars(it)) for it in vars(module).values() if _is_class_of(module, it)]
    found = {f"{of}.{name}": getattr(it, "__func__", it) for of, fields in of_class for name, it in fields.items()}
    return {
        name: it
        for name, it in found.items()
        if inspect.isfunction(it) and not it.__name__.startswith("_") and _takes_text(it)
    }


def _is_class_of(module: Any, it: Any) -> bool:
    return inspect.isclass(it) and it.__module__ == module.__name__


FOUND_METHODS = {f"{module.__name__}.{name}" for module in modules() for name in _methods(module)}


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
@pytest.mark.parametrize("name", sorted(METHODS))
def test_no_method_takes_long_for_a_hostile_text(name: str) -> None:
    def feed(text: str) -> None:
        take = METHODS[name]()
        for start in range(0, len(text), PIECE_CHARS):
            take(text[start : start + PIECE_CHARS])

    _assert_linear(lambda text: METHODS[name]()(text))  # noqa: PLW0108 - a new one for each text
    _assert_linear(feed)


def test_every_method_that_takes_a_text_is_measured() -> None:
    passed_over = {name for name in FOUND_METHODS if name.startswith(tuple(NOT_FOREIGN_METHODS))}
    assert FOUND_METHODS - passed_over == set(METHODS), "say in METHODS how it is made"
    assert all(any(name.startswith(it) for name in passed_over) for it in NOT_FOREIGN_METHODS)


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
