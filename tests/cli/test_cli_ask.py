"""`chatapp ask`: what is on stdout, what is on stderr, and the exit code."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import pytest

from chatapp.cli.shell_chat import ShellChat
from chatapp.cli.terminal import StatusLine
from chatapp.cli.writing import write_json, write_text
from chatapp.client.chat import ChatOptions
from chatapp.errors import UpstreamModelNotFoundError
from chatapp.protocol.events import Done, Start, Text
from support import scripts
from support.commands import SCRIPT, somebody_listens_on
from support.running_backend import RunningBackend
from support.stub_model import StubModel

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def ask(chatapp: Run, shared) -> Run:
    """A function that asks the shared backend."""
    return lambda *arguments, **options: chatapp("ask", "--backend-url", shared.url, *arguments, **options)


def test_answer_goes_to_stdout_and_nothing_else_anywhere(ask: Run) -> None:
    done = ask("Who are you?")

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from the stub.\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="its shell closes no stream")
def test_it_says_where_an_answer_goes_nowhere(shared: RunningBackend) -> None:
    command = ["sh", "-c", '"$0" ask --backend-url "$1" Hi >&-', SCRIPT, shared.url]

    done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, "The answer is shown nowhere: standard output is closed.\n")


def test_answer_is_exact_to_the_character(ask: Run, model) -> None:
    text = "# Not a title\n\n  two  spaces\t*tab* \x1b[31m ä 🙂\n\nlast\n"
    model.next(scripts.answer(*text))

    assert ask("Exactly?").stdout == text


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locales")
def test_neither_side_of_a_narrow_locale_is_a_defect(ask: Run, model) -> None:
    """What is asked arrives as it was typed; what the output has no letters for is `?`, and ends no answer."""
    model.next(scripts.answer("Ja, 漢字."))

    done = ask("Ist das 漢字?", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})

    assert (done.returncode, done.stdout, done.stderr) == (0, "Ja, ??.\n", "")
    assert model.calls[-1].body["messages"][-1]["content"] == "Ist das 漢字?"


def test_what_is_piped_in_is_added_to_the_question(ask: Run, model) -> None:
    ask("Summarise", stdin="\ufeffOttawa is the capital.\n")

    assert model.calls[-1].body["messages"][-1]["content"] == "Summarise\n\nOttawa is the capital.\n"


def test_what_is_piped_in_can_be_the_question(ask: Run, model) -> None:
    ask(stdin="Why?")

    assert model.calls[-1].body["messages"][-1]["content"] == "Why?"


def test_no_question_is_wrong_usage(ask: Run) -> None:
    done = ask("  ", stdin="\n")

    assert done.returncode == 2
    assert done.stderr == 'chatapp: There is no question. Ask one: chatapp ask "What is Python?"\n'


def test_options_reach_the_model(ask: Run, model) -> None:
    ask(
        "Hi",
        "--model",
        "other",
        "--system",
        "Be brief.",
        "--temperature",
        "0.5",
        "--max-tokens",
        "7",
        "--effort",
        "low",
    )

    body = model.calls[-1].body
    assert (body["model"], body["temperature"], body["reasoning_effort"]) == ("other", 0.5, "low")
    assert 7 in {body.get("max_tokens"), body.get("max_completion_tokens")}
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}


def test_a_value_that_cannot_be_is_told_by_the_name_of_its_option(ask: Run) -> None:
    huge, hot = ask("Hi", "--effort", "huge"), ask("Hi", "--temperature", "7")

    assert (huge.returncode, hot.returncode) == (2, 2)
    assert huge.stderr == ("chatapp: --effort is 'huge': it must be one of none, minimal, low, medium, high, xhigh.\n")
    assert hot.stderr == "chatapp: The request is not valid: temperature: Input should be less than or equal to 2.\n"


def test_words_need_no_quotes_and_options_have_short_names(ask: Run, model) -> None:
    ask("-m", "other", "-s", "Be brief.", "What", "is", "-", "Python?")

    assert model.calls[-1].body["model"] == "other"
    assert [message["content"] for message in model.calls[-1].body["messages"]] == ["Be brief.", "What is - Python?"]


def test_a_dash_is_what_is_piped_in(ask: Run, model) -> None:
    ask("-", stdin="Why?")

    assert model.calls[-1].body["messages"][-1]["content"] == "Why?"


def test_a_model_that_is_not_there_is_refused_with_those_that_are(ask: Run, model) -> None:
    model.next(scripts.status(404, "The model `nosuch` does not exist", code="model_not_found"))

    done = ask("--no-store", "-m", "nosuch", "Hi")

    assert (done.returncode, "There are: stub-model" in done.stderr) == (1, True)


def test_a_model_of_the_settings_that_is_not_there_is_not_offered(
    run_backend: Callable[..., RunningBackend], stub: StubModel
) -> None:
    chat = ShellChat(run_backend(model_name="nosuch").client, is_stored=False)
    stub.next(scripts.status(404, "The model `nosuch` does not exist", code="model_not_found"))

    with pytest.raises(UpstreamModelNotFoundError) as refused:
        list(chat.ask("Hi", ChatOptions()))

    assert refused.value.hint == "There are: stub-model"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (scripts.answer("Half an", finish="content_filter"), "because of the model's content filter"),
        (scripts.answer(""), "The model said nothing."),
    ],
)
def test_an_answer_that_is_not_whole_says_why(ask: Run, model, script: scripts.Script, told: str) -> None:
    model.next(script)

    assert told in ask("Hi", "--no-store").stderr


@pytest.mark.parametrize("mode", [[], ["--no-stream"]])
def test_json_is_one_object_with_the_fields_of_query(ask: Run, shared, mode: list[str]) -> None:
    done = ask("Hi", "--json", *mode)

    told = json.loads(done.stdout)
    assert told["answer"] == "Hello from the stub."
    assert set(told) >= set(shared.client.ask("Hi").__dataclass_fields__)
    assert done.stdout.count("\n") == 1


def test_no_stream_gives_the_same_answer(ask: Run) -> None:
    assert ask("Hi", "--no-stream").stdout == "Hello from the stub.\n"


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        (["So:\n\n```", "sh\nls -l\n``", "`\nor\n```\ndir\n```\n"], "ls -l\n"),
        (["1. Run\n   ~~~\n   if a:\n       ```\n   ~~~\n"], "if a:\n    ```\n"),
        (["No code."], "No code.\n"),
        (["```\nthought\n```\n</think>```\nsaid\n```"], "said\n"),
    ],
    ids=["the first", "in a list", "none", "not of its thoughts"],
)
def test_the_first_block_of_code_can_be_had_alone(ask: Run, model, said: list[str], printed: str) -> None:
    model.next(scripts.answer(*said))

    assert ask("How?", "-x").stdout == printed


def test_nothing_is_extracted_of_an_answer_that_breaks_off(ask: Run, model) -> None:
    model.next(scripts.answer("```\nrm -r old", "\n```", scripts.reset))

    done = ask("How?", "-x")

    assert (done.returncode, done.stdout) == (1, "")


def test_code_alone_is_no_object(ask: Run) -> None:
    assert ask("How?", "-x", "--json").returncode == 2


def test_partial_answer_stays_on_stdout_when_the_model_fails(ask: Run, model) -> None:
    model.next(scripts.answer("one ", "two", scripts.reset))

    done = ask("Break")

    assert (done.returncode, done.stdout) == (1, "one two\n")
    assert done.stderr.startswith("chatapp: LLM processing failed: ")
    assert done.stderr.count("\n") == 1


def test_json_holds_what_came_before_the_model_failed(ask: Run, model) -> None:
    model.next(scripts.answer("one ", "two", scripts.reset))

    done = ask("Break", "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["answer"], told["finish_reason"]) == (1, "one two", None)
    assert told["error"]["code"] == "incomplete"
    assert done.stderr.startswith(f"chatapp: {told['error']['detail']}")


def test_json_holds_why_an_answer_never_came(ask: Run, model) -> None:
    model.next(scripts.status(401))

    told = json.loads(ask("Hi", "--json").stdout)
    assert (told["answer"], told["error"]["code"]) == ("", "upstream_auth")
    assert "OPENAI_API_KEY" in told["error"]["hint"]


def test_refusal_is_one_sentence_without_the_key(ask: Run, model) -> None:
    model.next(scripts.status(401, "Incorrect API key provided: sk-live-abcdef"))

    done = ask("Hi")

    assert (done.returncode, done.stdout) == (1, "")
    assert "API key" in done.stderr
    assert "sk-live" not in done.stderr


def test_an_answer_cut_by_its_length_says_so_on_stderr(ask: Run, model) -> None:
    model.next(scripts.answer("and so", finish="length"))

    done = ask("Go on")

    assert (done.returncode, done.stdout) == (0, "and so\n")
    assert done.stderr == "The answer ends here because it reached the longest length allowed.\n"


@pytest.mark.parametrize("models", [[], ["-m", "a", "-m", "b"]])
def test_a_backend_that_was_named_and_is_not_there_is_unreachable(models: list[str], chatapp: Run) -> None:
    with scripts.closed_port() as url:
        done = chatapp("ask", *models, "Hi", env={"BACKEND_URL": url})

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith("Start it with: chatapp serve\n")


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "inf", "nan"])
def test_a_wrong_timeout_names_the_setting(ask: Run, seconds: str) -> None:
    done = ask("Hi", env={"REQUEST_TIMEOUT": seconds})

    assert done.returncode == 2
    assert done.stderr.startswith(f"chatapp: REQUEST_TIMEOUT is '{seconds}': it must be")


def test_silence_beyond_the_timeout_is_an_error(ask: Run, model) -> None:
    model.next(scripts.answer("one", scripts.silence))

    done = ask("Hi", env={"REQUEST_TIMEOUT": "0.5"})

    assert (done.returncode, done.stdout) == (1, "one\n")
    assert "said nothing for 0.5 seconds" in done.stderr


def test_a_closed_pipe_ends_quietly_and_stops_the_model(shared, model) -> None:
    model.next(scripts.answer("first line\n", scripts.endless("word\n", every_s=0.02)))
    asking = subprocess.Popen(
        [SCRIPT, "ask", "--backend-url", shared.url, "Hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert asking.stdout is not None

    first = asking.stdout.readline()
    asking.stdout.close()
    _, errors = asking.communicate(timeout=30)

    assert (first, errors, asking.returncode) == ("first line\n", "", 0)
    assert model.calls[-1].wait_until_left(timeout_s=5)


def test_ctrl_c_keeps_the_partial_answer_and_exits_with_130(shared, model) -> None:
    model.next(scripts.answer("one ", scripts.silence))
    asking = subprocess.Popen(
        [SCRIPT, "ask", "--backend-url", shared.url, "Hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert asking.stdout is not None
    first = asking.stdout.read(4)

    asking.send_signal(signal.SIGINT)
    rest, errors = asking.communicate(timeout=30)

    assert (first, rest, errors, asking.returncode) == ("one ", "\n", "", 130)


def test_without_any_backend_one_is_started_for_the_question_alone(chatapp: Run, stub) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")

    done = chatapp("ask", "Hi", env={"BASE_URL": stub.url, "DATA_DIR": "data"})

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from the stub.\n", "")
    assert not [process for process in psutil.process_iter() if _is_serving_for(process, stub.url)]


def test_what_is_set_for_serve_is_not_for_the_backend_of_one_question(chatapp: Run, stub) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")

    done = chatapp(
        "ask", "Hi", env={"BASE_URL": stub.url, "DATA_DIR": "data", "CHATAPP_SERVE_SSL_CERTFILE": "no-such.pem"}
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from the stub.\n", "")


def test_a_question_that_is_not_kept_needs_no_data_folder(chatapp: Run, stub) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")
    Path("file").touch()

    done = chatapp("ask", "Hi", "--no-store", env={"BASE_URL": stub.url, "DATA_DIR": "file/data"})

    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello from the stub.\n", "")


def test_a_backend_that_can_store_nothing_is_started_for_the_question_alone(chatapp: Run, stub) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")
    Path("file").touch()

    done = chatapp("ask", "Hi", env={"BASE_URL": stub.url, "DATA_DIR": "file/data"})

    assert (done.returncode, done.stdout) == (0, "Hello from the stub.\n")
    assert done.stderr.startswith("This conversation is not kept. Conversations cannot be read or saved: ")
    assert done.stderr.count("\n") == 1


def test_a_backend_that_cannot_be_started_says_why(chatapp: Run) -> None:
    if somebody_listens_on(8000):
        pytest.skip("a backend runs on this machine's port 8000")

    done = chatapp("ask", "Hi", env={"BASE_URL": "nonsense"})

    assert done.returncode == 1
    assert "BASE_URL is 'nonsense'" in done.stderr
    assert done.stderr.count("\n") == 1


def _is_serving_for(process: psutil.Process, url: str) -> bool:
    try:
        return process.environ().get("BASE_URL") == url
    except psutil.Error:
        return False


class TestOnATerminal:
    """What a person sees."""

    def start(self, url: str, *arguments: str):
        from support.terminals import Terminal  # noqa: PLC0415 - skips where there are none

        return Terminal([SCRIPT, "ask", "--backend-url", url, *arguments])

    def test_markdown_is_rendered_and_the_model_named(self, shared, model) -> None:
        model.next(scripts.answer("Some **bold** text.\n\n- one\n", "- two\n"))
        terminal = self.start(shared.url, "Hi")

        assert terminal.exit_code() == 0
        seen = _without_codes(terminal.output)
        assert "**" not in seen
        assert " • one" in seen
        assert re.search(r"stub-model · \d+\.\d s", seen)

    def test_a_long_answer_is_on_screen_once(self, shared, model) -> None:
        lines = [f"{number}. item {number}.\n" for number in range(1, 61)]
        model.next(scripts.answer(*(part for line in lines for part in (line, 0.01))))
        terminal = self.start(shared.url, "Hi")

        assert terminal.exit_code() == 0
        for number in (1, 30, 60):
            assert _lines_left_on_screen(terminal.output).count(f" {number:>2} item {number}.") == 1

    def test_the_answer_cannot_command_the_terminal(self, shared, model) -> None:
        model.next(scripts.answer("fine \x1b]0;owned\x07\x1b[2J\x9b31m end"))
        terminal = self.start(shared.url, "Hi")

        assert terminal.exit_code() == 0
        assert b"\x1b]0" not in terminal.output
        assert b"\x1b[2J" not in terminal.output
        assert b"\x07" not in terminal.output
        assert b"\xc2\x9b" not in terminal.output

    def test_ctrl_c_leaves_the_text_and_a_visible_cursor(self, shared, model) -> None:
        model.next(scripts.answer("partial answer", scripts.silence))
        terminal = self.start(shared.url, "Hi")
        terminal.read_until(lambda output: b"partial answer" in output)

        terminal.type(b"\x03")

        assert terminal.exit_code() == 130
        assert terminal.output.rfind(b"\x1b[?25h") > terminal.output.rfind(b"\x1b[?25l")
        assert _lines_left_on_screen(terminal.output)[0] == "partial answer"

    def test_thoughts_are_shown_dim_above_the_answer(self, shared, model) -> None:
        model.next(scripts.answer(scripts.delta(reasoning_content="Let me "), scripts.delta(reasoning="see."), "Four."))
        terminal = self.start(shared.url, "Hi")

        assert terminal.exit_code() == 0
        assert b"\x1b[2mLet me " in terminal.output
        assert [line.strip() for line in _lines_left_on_screen(terminal.output)[:3]] == ["Let me see.", "", "Four."]


def _without_codes(output: bytes) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode())


def _lines_left_on_screen(output: bytes) -> list[str]:
    """Return the lines that remain after all the drawing, scrolled-out ones included, without colours."""
    lines: list[str] = [""]
    row = 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", output.decode()):
        if part == "\n":
            row += 1
            lines.extend([""] * (row + 1 - len(lines)))
        elif part in {"\x1b[2K", "\x1b[K"}:
            lines[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\r" or part.startswith("\x1b"):
            continue
        else:
            lines[row] += part
    return [line.rstrip() for line in lines]


def test_the_model_that_answered_is_named_not_the_name_it_was_asked_by(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [Start("t", "fast", None), Text("Yes."), Done("stop", None, 7, model="work/qwen3-32b")]
    write_json(events, StatusLine())
    assert json.loads(capsys.readouterr().out)["model"] == "work/qwen3-32b"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    write_text(events, StatusLine())
    assert capsys.readouterr().err.rpartition("work/qwen3-32b · 0.0 s")[1]


def test_an_answer_fits_a_schema_where_the_model_server_takes_one(ask: Run, model, tmp_path) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    (tmp_path / "city.json").write_text(json.dumps(schema))
    model.next(
        scripts.answer('```json\n{"city": "Ottawa"}\n```'),
        scripts.answer("{}"),
        scripts.status(400, "This response_format type is unavailable now"),
        scripts.answer("It is Ottawa."),
    )

    done = ask("Where?", "--schema", str(tmp_path / "city.json"))
    inline = ask("Where?", "-m", "a", "--schema", json.dumps(schema), "--json")
    refused = ask("Where?", "--schema", "{}")
    prose = ask("Where?", "--schema", "{}")

    assert (done.stdout, json.loads(inline.stdout)["answer"]) == ('{"city": "Ottawa"}\n', "{}")
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert [call.body["response_format"] for call in model.calls[-4:-2]] == [wanted, wanted]
    assert ["no JSON" in each.stderr for each in (done, inline, prose)] == [False, False, True]
    assert (prose.returncode, prose.stdout) == (0, "It is Ottawa.\n")
    assert (refused.returncode, "response_format" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ("none.json", "none.json cannot be read (No such file or directory)."),
        ("{", "--schema is no JSON: "),
        ("list.json", "list.json is no JSON schema."),
        ("deep.json", "deep.json is nested more deeply than can be read."),
    ],
)
def test_what_is_no_schema_is_wrong_usage(chatapp: Run, schema: str, told: str) -> None:
    Path("list.json").write_text("[]")
    Path("deep.json").write_text("[" * 10_000 + "]" * 10_000)

    done = chatapp("ask", "Where?", "--schema", schema)

    assert (done.returncode, done.stderr.startswith(f"chatapp: {told}")) == (2, True)
