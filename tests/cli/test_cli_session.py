"""`chatapp ask` without a question, as somebody at a terminal sees it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest

from chatapp.cli.session import _help
from support import scripts
from support.commands import SCRIPT, left_after, somebody_listens_on
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.terminals import Terminal
from support.turn_steps import messages

CTRL_C, CTRL_D, ARROW_UP, ENTER = b"\x03", b"\x04", b"\x1b[A", b"\r"
PROMPT, PROMPT_FOR_MORE = b"> ", b"| "


class Typist:
    """Somebody who types a line when the prompt is there. `seen` is what came after the last key."""

    def __init__(self, *arguments: str) -> None:
        self._terminal = Terminal([SCRIPT, "ask", *arguments])
        self._typed_at = 0
        self.process = self._terminal.process

    @property
    def output(self) -> bytes:
        return self._terminal.output

    @property
    def seen(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._terminal.output[self._typed_at :].decode())

    def press(self, keys: bytes) -> None:
        self._typed_at = len(self._terminal.output)
        self._terminal.type(keys)

    def say(self, line: str, *, prompt: bytes = PROMPT) -> str:
        """Type a line at the prompt, wait for the next one, and give what came between."""
        self.press(line.encode() + ENTER)
        self.wait_for_prompt(prompt)
        return self.seen.partition("\n")[2].removeprefix("\r").removesuffix(prompt.decode())

    def wait_for(self, words: str) -> None:
        self._terminal.read_until(lambda _: words in self.seen)
        assert words in self.seen

    def wait_for_prompt(self, prompt: bytes = PROMPT) -> None:
        self._terminal.read_until(lambda output: output[self._typed_at :].endswith(prompt))
        assert self._terminal.output.endswith(prompt), self._terminal.output

    def interrupt(self) -> None:
        """Press Ctrl-C until there is a prompt: one that comes while readline is being set up is not seen by it."""
        for _ in range(10):
            self.press(CTRL_C)
            with suppress(AssertionError):
                self._terminal.read_until(lambda output: output[self._typed_at :].endswith(PROMPT), within_s=3)
                return
        self.wait_for_prompt()

    def exit_code(self) -> int:
        return self._terminal.exit_code()

    def close_window(self) -> None:
        self._terminal.close()

    def end(self) -> None:
        self.process.kill()
        self.process.wait(30)


@contextmanager
def session(backend: RunningBackend, *arguments: str) -> Iterator[Typist]:
    """Return a typist at the first prompt."""
    typist = Typist("--backend-url", backend.url, *arguments)
    try:
        typist.wait_for_prompt()
        yield typist
    finally:
        typist.end()


@pytest.fixture
def typist(backend: RunningBackend) -> Iterator[Typist]:
    with session(backend) as typist:
        yield typist


def kept(backend: RunningBackend) -> list[list[str]]:
    """Return what was said in each conversation, the latest first."""
    page = backend.client.conversations.page()
    return [[one["content"] for one in messages(backend, conversation.id)] for conversation in page.items]


def asked(stub: StubModel) -> list[str]:
    """Return what the model was last sent."""
    return [message["content"] for message in stub.calls[-1].body["messages"]]


def test_questions_of_a_session_are_one_conversation(typist: Typist, backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("Python is **fine**."), scripts.answer("Yes."))

    assert "Python is fine." in typist.say("What is Python?")
    assert "Yes." in typist.say("Really?")
    assert kept(backend) == [["What is Python?", "Python is **fine**.", "Really?", "Yes."]]


def test_earlier_questions_go_along_as_a_summary_until_they_are_wanted_again(typist: Typist, stub: StubModel) -> None:
    assert "There are no earlier messages" in (typist.say("One?"), typist.say("/compact"))[1]
    typist.say("Two?")
    stub.next(scripts.answer("They counted."))
    assert (
        re.sub(r"\s+", " ", typist.say("/compact"))
        .strip()
        .endswith("In place of the 2 earlier messages goes along: They counted.")
    )
    assert "goes along:\r\n\r\nThey counted." in typist.say("/compact show")
    assert "2 answers and 1 call for summaries: " in re.sub(r"\s+", " ", typist.say("/usage"))
    typist.say("Three?")
    assert (len(asked(stub)), asked(stub)[0].endswith("They counted.")) == (4, True)
    assert "The 2 earlier messages go along again." in typist.say("/compact none")
    assert "There is no summary" in typist.say("/compact none")


def test_what_was_taken_back_is_in_no_summary(typist: Typist, stub: StubModel) -> None:
    for question in ("One?", "Two?", "/undo"):
        typist.say(question)
    assert "There are no earlier messages" in typist.say("/compact")
    for question in ("Three?", "Four?", "/undo"):
        typist.say(question)
    stub.next(scripts.answer("They counted."))
    typist.say("/compact")
    assert ("One?" in asked(stub)[-1], "Three?" in asked(stub)[-1]) == (True, False)
    typist.say("Five?")
    assert [words for words in asked(stub) if words.endswith("?")] == ["Three?", "Five?"]


@pytest.mark.parametrize("keys", [CTRL_D, b"/quit" + ENTER], ids=["Ctrl-D", "/quit"])
def test_leaving_is_success(typist: Typist, keys: bytes) -> None:
    typist.press(keys)

    assert typist.exit_code() == 0


def test_ctrl_c_stops_the_answer_and_not_the_session(typist: Typist, backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("one two", scripts.silence), scripts.answer("Still here."))
    typist.press(b"Count" + ENTER)
    typist.wait_for("one two")
    typist.interrupt()

    assert stub.calls[0].wait_until_left(timeout_s=1)
    assert "Still here." in typist.say("And now?")
    assert kept(backend) == [["Count", "one two", "And now?", "Still here."]]


def test_ctrl_c_before_the_first_word_stops_the_model(typist: Typist, stub: StubModel) -> None:
    stub.next(scripts.answer(scripts.silence), scripts.answer("Still here."))
    typist.press(b"Hello?" + ENTER)
    typist.wait_for("stub-model …")
    typist.interrupt()

    assert stub.calls[0].wait_until_left(timeout_s=1)
    assert "Still here." in typist.say("And now?")


def test_ctrl_c_at_the_prompt_clears_the_line(typist: Typist, backend: RunningBackend) -> None:
    typist.press(b"Not what I ")
    typist.wait_for("Not what I ")
    typist.interrupt()
    typist.say("Asked")

    assert kept(backend) == [["Asked", "Hello from the stub."]]


def test_lines_can_be_edited_and_taken_from_history(typist: Typist, stub: StubModel) -> None:
    pytest.importorskip("readline")
    typist.say("Wat is Python?")
    typist.say((ARROW_UP + b"\x01" + b"\x1b[C" + b"h").decode())  # Ctrl-A goes to the line's beginning

    assert asked(stub)[-1] == "What is Python?"


def test_a_line_that_ends_with_a_backslash_goes_on(typist: Typist, stub: StubModel) -> None:
    typist.say("First\\", prompt=PROMPT_FOR_MORE)
    typist.say("second")

    assert asked(stub) == ["First\nsecond"]


def test_lines_between_quotes_are_one_question(typist: Typist, stub: StubModel) -> None:
    for line in ('"""', "def f():", "    return 1", ""):
        typist.say(line, prompt=PROMPT_FOR_MORE)
    typist.say('What is f()?"""')

    assert asked(stub) == ["def f():\n    return 1\n\nWhat is f()?"]


def test_ctrl_c_between_quotes_forgets_what_was_typed(typist: Typist, stub: StubModel) -> None:
    typist.say('"""', prompt=PROMPT_FOR_MORE)
    typist.say("Never mind", prompt=PROMPT_FOR_MORE)
    typist.interrupt()
    typist.say("Asked")

    assert asked(stub) == ["Asked"]


def test_an_empty_line_asks_nothing(typist: Typist, stub: StubModel) -> None:
    typist.say("  ")

    assert stub.calls == []


def test_new_begins_another_conversation(typist: Typist, backend: RunningBackend) -> None:
    typist.say("One")
    typist.say("/new")
    typist.say("Two")

    assert [conversation[0] for conversation in kept(backend)] == ["Two", "One"]


def test_model_and_system_hold_from_now_on(typist: Typist, stub: StubModel) -> None:
    assert "From now on: /model other" in typist.say("/model other")
    assert "From now on: /system Be brief." in typist.say("/system Be brief.")
    typist.say("Hi")

    assert stub.calls[-1].body["model"] == "other"
    assert asked(stub) == ["Be brief.", "Hi"]


def test_model_alone_lists_what_can_be_asked(typist: Typist, stub: StubModel) -> None:
    stub.listing = scripts.listing("stub-model", "other")

    assert typist.say("/model").split("\r\n")[:3] == ["* stub-model", "  other", "Choose one: /model NAME"]
    assert stub.calls == []


def test_system_is_shown_and_cleared(backend: RunningBackend, stub: StubModel) -> None:
    list(backend.client.stream("Hi", store=True))
    (conversation,) = backend.client.conversations.page().items
    backend.client.conversations.change(conversation.id, system="Be brief.")
    with session(backend, "-c") as typist:
        assert "/system Be brief." in typist.say("/system")
        assert "No instructions from now on." in typist.say("/system none")
        assert "There are no instructions." in typist.say("/system")
        typist.say("And now?")

    assert asked(stub) == ["Hi", "Hello from the stub.", "And now?"]


def test_what_is_pasted_is_one_question(typist: Typist, stub: StubModel) -> None:
    pytest.importorskip("readline")
    typist.press(b"\x1b[200~def f():\n    return 1\x1b[201~")
    typist.wait_for("return 1")
    typist.say(" What is f?")

    assert asked(stub) == ["def f():\n    return 1 What is f?"]


def test_system_holds_for_another_answer_too(typist: Typist, stub: StubModel) -> None:
    typist.say("Hi")
    typist.say("/system Be brief.")
    typist.say("/retry")

    assert asked(stub) == ["Be brief.", "Hi"]


@pytest.mark.parametrize("mode", [[], ["--no-store"], ["--no-stream"]], ids=["kept", "not kept", "whole"])
def test_retry_asks_the_last_question_once_more(backend: RunningBackend, stub: StubModel, mode: list[str]) -> None:
    stub.next(*map(scripts.answer, ("Hello.", "Heads.", "Tails.")))
    with session(backend, *mode) as typist:
        typist.say("Hi")
        typist.say("Toss a coin")
        assert "Tails." in typist.say("/retry")

    assert asked(stub) == ["Hi", "Hello.", "Toss a coin"]


@pytest.mark.parametrize("mode", [[], ["--no-store"]], ids=["kept", "not kept"])
def test_undo_takes_the_last_question_back(backend: RunningBackend, stub: StubModel, mode: list[str]) -> None:
    stub.next(*map(scripts.answer, ("A1", "A2", "A3", "A4")))
    with session(backend, *mode) as typist:
        for question in ("Q1", "Q2", "Q3"):
            typist.say(question)
        assert "Taken back: Q3" in typist.say("/undo")
        assert "Taken back: Q2" in typist.say("/undo")
        typist.say("Q4")

    assert asked(stub) == ["Q1", "A1", "Q4"]


@pytest.mark.parametrize("mode", [[], ["--no-store"]], ids=["kept", "not kept"])
def test_everything_can_be_undone(backend: RunningBackend, stub: StubModel, mode: list[str]) -> None:
    with session(backend, *mode) as typist:
        typist.say("Q1")
        typist.say("/undo")
        assert "Nothing was asked here yet." in typist.say("/undo")
        assert "Nothing was asked here yet." in typist.say("/retry")
        typist.say("Q2")

    assert asked(stub) == ["Q2"]


def test_what_was_undone_is_still_in_the_browser(typist: Typist, backend: RunningBackend) -> None:
    for line in ("Q1", "/undo", "Q2"):
        typist.say(line)

    (conversation,) = backend.client.conversations.page().items
    question = backend.client.conversations.messages(conversation.id).items[0]
    assert (question.content, len(question.siblings)) == ("Q2", 2)


def test_a_failure_is_told_and_the_question_can_be_asked_again(
    typist: Typist, backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.status(401), scripts.answer("Now it works."))

    assert "does not accept the API key" in typist.say("Hi")
    assert "Now it works." in typist.say("/retry")
    assert kept(backend) == [["Hi", "Now it works."]]


@pytest.mark.parametrize("mode", [[], ["--no-store"]], ids=["kept", "not kept"])
def test_a_question_that_was_refused_can_be_undone(run_backend: Callable[..., Any], mode: list[str]) -> None:
    with session(run_backend(max_prompt_chars=5), *mode) as typist:
        typist.say("Hi")
        assert "at most 5 characters" in typist.say("Too long")
        assert "Taken back: Too long" in typist.say("/undo")
        assert "Taken back: Hi" in typist.say("/undo")


def test_no_store_remembers_and_keeps_nothing(backend: RunningBackend, stub: StubModel) -> None:
    with session(backend, "--no-store") as typist:
        typist.say("My name is Ada.")
        typist.say("What is my name?")

    assert asked(stub) == ["My name is Ada.", "Hello from the stub.", "What is my name?"]
    assert kept(backend) == []


def test_continue_says_what_it_goes_on_with(backend: RunningBackend, stub: StubModel) -> None:
    list(backend.client.stream("A question in the browser", store=True))
    with session(backend, "-c") as typist:
        assert "Going on with: A question in the browser" in typist.seen
        typist.say("And now?")

    assert asked(stub)[0] == "A question in the browser"


@pytest.mark.parametrize("columns", [0, 12, 20, 44, 79])
def test_help_is_in_whole_words_at_every_width(columns: int) -> None:
    lines = _help(columns).splitlines()
    words = [word for line in lines for word in line.split()]
    assert words == _help(10_000).split()
    assert all(len(line) <= columns or len(line.split()) <= 2 for line in lines)


def test_help_shows_every_command(typist: Typist) -> None:
    shown = typist.say("/help")

    commands = "new model system prompt attach set retry answers edit undo fork context compact usage quit"
    assert " ".join(re.findall(r"^/(\w+)", shown, re.MULTILINE)) == commands
    assert max(map(len, shown.split("\r\n"))) < 80


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/sytem Be brief.", "There is no command /sytem. /help shows those there are."),
        ("/", "/help shows the commands there are."),
        ("/?", "/help shows the commands there are."),
        ("/Usage", "Nothing was answered yet."),
        (f"/attach {'long ' * 60}", "Name files, folders, or addresses"),
        ("/new What is Python?", "/new takes no words. Nothing was done."),
    ],
)
def test_a_wrong_command_is_told_and_not_asked(typist: Typist, stub: StubModel, line: str, answer: str) -> None:
    assert answer in typist.say(line)
    assert stub.calls == []


def test_a_path_is_no_command(typist: Typist, stub: StubModel) -> None:
    typist.say("/etc/hosts holds what?")

    assert asked(stub) == ["/etc/hosts holds what?"]


def test_a_session_leaves_no_trace_of_its_lines(typist: Typist, tmp_path: Any) -> None:
    typist.say("A secret question")
    typist.press(CTRL_D)
    typist.exit_code()

    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not [path for path in left if b"secret" in path.read_bytes()]


def test_a_session_ends_with_its_terminal(typist: Typist) -> None:
    process = psutil.Process(typist.process.pid)
    typist.close_window()

    assert left_after([process], 10) == []


def test_json_takes_no_session(backend: RunningBackend) -> None:
    typist = Typist("--backend-url", backend.url, "--json")

    assert typist.exit_code() == 2
    assert "There is no question." in typist.seen


def test_what_is_piped_in_starts_no_session(
    chatapp: Callable[..., CompletedProcess[str]], backend: RunningBackend
) -> None:
    done = chatapp("ask", "--backend-url", backend.url, stdin="/help")

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from the stub.\n", "")


def test_without_any_backend_one_is_started_for_the_session(stub: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")
    monkeypatch.setenv("BASE_URL", stub.url)
    typist = Typist()
    typist.wait_for_prompt()

    assert "Hello from the stub." in typist.say("Hi")
    started = psutil.Process(typist.process.pid).children(recursive=True)
    typist.press(CTRL_D)
    assert typist.exit_code() == 0
    assert started
    assert left_after(started, 10) == []


def test_usage_tells_what_the_answers_of_the_session_took(typist: Typist) -> None:
    assert "Nothing was answered yet." in typist.say("/usage")
    typist.say("Why?")
    assert "Goes along: 2 messages, about " in typist.say("/context")
    assert "1 answer: 7 tokens read, 5 written, $0." in typist.say("/usage")


def test_files_go_along_with_the_next_question(backend: RunningBackend, stub: StubModel, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ottawa")
    (tmp_path / "b c.txt").write_text("Quebec")
    with session(backend, "-a", str(tmp_path / "a.txt")) as typist:
        assert re.search(r"Goes along: a\.txt, 1 kB, about \d+ tokens?\r\n", typist.seen)
        assert "b c.txt, 1 kB" in typist.say(f'/attach "{tmp_path}/b c.txt"')
        assert "Name files, folders" in typist.say(f"/attach {tmp_path}/none.txt")
        assert "a quote in " in typist.say('/attach "b c').lower()
        typist.say("Which?")
        assert ("Ottawa" in asked(stub)[0], "Quebec" in asked(stub)[0]) == (True, True)
        assert "No files go along" in typist.say("/attach")
        typist.say(f"/attach {tmp_path}/a.txt")
        assert "No files go along" in typist.say("/attach none")


@pytest.mark.parametrize("mode", [[], ["--no-store"]], ids=["kept", "not kept"])
def test_the_last_question_is_asked_in_other_words_with_its_files(
    backend: RunningBackend, stub: StubModel, mode: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("readline")
    (tmp_path / "a.txt").write_text("Ottawa")
    with session(backend, *mode, "-a", str(tmp_path / "a.txt")) as typist:
        typist.say("Wat is it?")
        typist.press(b"/edit" + ENTER)
        typist.wait_for("> Wat is it?")
        typist.interrupt()
        assert "Stopped." not in typist.seen
        typist.press(b"/edit" + ENTER)
        typist.wait_for("> Wat is it?")
        typist.say("\x01\x1b[Ch")  # Ctrl-A goes to the line's beginning
        typist.press(b"/edit" + ENTER)
        typist.wait_for("> What is it?")
        typist.say("\\", prompt=PROMPT_FOR_MORE)
        typist.say("Where?")
        assert asked(stub)[0].endswith("What is it?\nWhere?")
        typist.say("/edit Where is it?")

    assert [len(call.body["messages"]) for call in stub.calls] == [1, 1, 1, 1]
    assert all("Ottawa" in call.body["messages"][0]["content"] for call in stub.calls)
    assert stub.calls[1].body["messages"][0]["content"].endswith("What is it?")
    assert asked(stub)[0].endswith("Where is it?")


def test_words_are_chosen_as_set_in_this_conversation_and_the_next(
    typist: Typist, backend: RunningBackend, stub: StubModel
) -> None:
    assert "/set temperature=0.5\r\n" in typist.say("/set temperature=0.5")
    typist.say("One?")
    typist.say("/set effort low")
    typist.say("/set temperature default")
    typist.say("Two?")

    (kept_so,) = backend.client.conversations.page().items
    assert kept_so.sampling == {"reasoning_effort": "low"}
    wanted = ("temperature", "reasoning_effort")
    assert [[call.body.get(it) for it in wanted] for call in stub.calls] == [[0.5, None], [None, "low"]]
    for line, answer in (
        ("/set mood good", "There are: temperature, max-tokens, effort."),
        ("/set max-tokens many", "It must be a whole number"),
        ("/set temperature 9", "less than or equal to 2"),
        ("/set", "/set max-tokens=default"),
    ):
        assert answer in re.sub(r"\s+", " ", typist.say(line))


def test_a_session_goes_on_from_the_answer_that_is_chosen(typist: Typist, stub: StubModel) -> None:
    stub.next(*map(scripts.answer, ("Heads.", "Tails.", "Fine.")))
    assert "Nothing was asked here yet." in typist.say("/answers")
    typist.say("Toss a coin")
    assert "There is 1: /answers" in typist.say("/answers 2")
    typist.say("/retry")
    shown = [line.split(":")[1] for line in typist.say("/answers").split("\r\n")[:2]]
    assert shown == [" Heads.", " Tails."]
    for none in ("3", "0", "9" * 5000):
        assert "There are 2: /answers" in typist.say(f"/answers {none}")
    assert "* 1 " in typist.say("/answers 1")
    typist.say("And now?")

    assert asked(stub) == ["Toss a coin", "Heads.", "And now?"]


def test_what_was_taken_back_is_in_no_list_and_in_no_fork(
    typist: Typist, backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(*map(scripts.answer, ("Heads.", "Tails.", "Fine.", "Bye.")))
    for line in ("Toss a coin", "/retry", "And now?", "/undo"):
        typist.say(line)
    shown = [line.split(":")[1] for line in typist.say("/answers").split("\r\n")[:2]]
    assert shown == [" Heads.", " Tails."]
    assert "Going on with: Fork of Toss a coin" in typist.say("/fork")
    typist.say("Then this")

    assert asked(stub) == ["Toss a coin", "Tails.", "Then this"]
    assert sorted(kept(backend)) == [
        ["Toss a coin", "Tails.", "And now?", "Fine."],
        ["Toss a coin", "Tails.", "Then this", "Bye."],
    ]
    for line in ("/undo", "/undo"):
        typist.say(line)
    assert "Nothing was answered here yet." in typist.say("/answers")


def test_a_dumb_terminal_gets_nothing_to_obey(backend: RunningBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with session(backend) as typist:
        typist.say("Hi")

    assert b"Hello from the stub." in typist.output
    assert b"\x1b" not in typist.output
