"""`chatapp ask -a FILE`: files that go along from the shell."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chatapp.client import BackendClient
from chatapp.config.prompts import prompts_folder
from support import documents
from support.running_backend import RunningBackend
from support.stub_model import StubModel

Run = Callable[..., CompletedProcess[str]]


def test_files_and_what_is_piped_in_go_along(
    chatapp: Run, shared: RunningBackend, model: StubModel, tmp_path: Path
) -> None:
    file = documents.saved(tmp_path, "scan.pdf", documents.pdf("Whales", "", "Sharks"))

    done = chatapp("ask", "--backend-url", shared.url, "-a", f"{file}#pages=1-2", "--attach", "-", "Why?", stdin="Salt")

    assert (done.returncode, done.stdout) == (0, "Hello from the stub.\n")
    assert done.stderr == "scan.pdf: Pages without words, as scans are: 2.\n"
    asked = model.calls[-1].body["messages"][-1]["content"]
    assert asked == "File: scan.pdf, pages 1-2\n```\n[page 1]\n\nWhales\n```\n\nFile: stdin\n```\nSalt\n```\n\nWhy?"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-a", "no.txt", "Why?"], "no.txt is not there."),
        (["-a", "n" * 300, "Why?"], f"{'n' * 300} is not there."),
        (["-a", "*.none", "Why?"], "*.none matches no file."),
        (["-a", "a.pdf#pages=two", "Why?"], "a.pdf#pages=two: 'two' is no page."),
    ],
    ids=["missing", "too long", "pattern", "pages"],
)
def test_what_is_no_file_is_wrong_usage(chatapp: Run, arguments: list[str], said: str) -> None:
    done = chatapp("ask", *arguments)

    assert done.returncode == 2
    assert done.stderr.startswith(f"chatapp: {said}")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a file that never can be read")
def test_a_file_that_breaks_while_it_is_sent_is_told_as_that(chatapp: Run, shared: RunningBackend) -> None:
    done = chatapp("ask", "--backend-url", shared.url, "-a", "/proc/self/mem", "Why?")

    assert (done.returncode, done.stderr) == (2, "chatapp: /proc/self/mem cannot be read (Input/output error).\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no names for sockets among its files")
def test_a_file_that_cannot_be_opened_is_told_as_that(chatapp: Run, shared: RunningBackend) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.sock")
        done = chatapp("ask", "--backend-url", shared.url, "-a", "a.sock", "Why?")

    assert (done.returncode, done.stderr.startswith("chatapp: a.sock cannot be read (")) == (2, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is sure to have it")
def test_a_file_without_an_end_is_told_as_that(chatapp: Run, shared: RunningBackend) -> None:
    done = chatapp("ask", "--backend-url", shared.url, "-a", "/dev/zero", "Why?")

    told = "chatapp: /dev/zero is larger than 64 MiB, or has no end. Save what you need of it as a file.\n"
    assert (done.returncode, done.stderr) == (2, told)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is sure to have it")
@pytest.mark.parametrize("arguments", [["projects", "new", "Endless", "--system-file"], ["ask", "Why?", "--schema"]])
def test_a_text_without_an_end_is_told_as_that(chatapp: Run, shared: RunningBackend, arguments: list[str]) -> None:
    done = chatapp(*arguments, "/dev/zero", env={"BACKEND_URL": shared.url})

    told = "chatapp: /dev/zero is larger than 64 MiB, or has no end. Save what you need of it as a file.\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_a_saved_prompt_is_asked(chatapp: Run, shared: RunningBackend, model: StubModel) -> None:
    prompts_folder().mkdir(parents=True)
    (prompts_folder() / "translate.md").write_text("Translate into {{language}}:\n\n{{input}}")

    done = chatapp("ask", "--backend-url", shared.url, "-t", "translate", "-p", "language=German", stdin="Hello")

    assert (done.returncode, done.stderr) == (0, "")
    assert model.calls[-1].body["messages"][-1]["content"] == "Translate into German:\n\nHello"
    assert BackendClient(shared.url).conversations.page().items[0].title == "German: Hello"


def test_a_question_is_saved_as_a_prompt_once_and_listed(chatapp: Run) -> None:
    saved = chatapp("ask", "--save", "in German", "Translate into German:", stdin="{{input}}")
    again = chatapp("ask", "--save", "in German", "Other words")
    with_a_file = chatapp("ask", "--save", "of a file", "-a", "notes.txt", "What is in it?")

    assert (with_a_file.returncode, "holds words alone" in with_a_file.stderr) == (2, True)
    assert (saved.returncode, saved.stdout) == (0, "")
    assert saved.stderr.endswith("in German.md. Ask it: chatapp ask -t 'in German'\n")
    assert (again.returncode, "called in German already" in again.stderr) == (2, True)
    assert again.stderr.endswith("in German.md, or choose another name.\n")
    (listed,) = json.loads(chatapp("prompts", "--json").stdout)["prompts"]
    assert (listed["name"], listed["text"]) == ("in German", "Translate into German:\n\n{{input}}")
    assert chatapp("prompts").stdout == "in German\n"
