"""`chatapp serve` killed again and again while it answers: what was acknowledged is there, nothing stays unfinished."""

import random
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatapp.client import BackendClient
from chatapp.errors import ChatappError
from chatapp.protocol.events import Start, Text
from support import scripts
from support.commands import Serving
from support.stub_model import KEY, StubModel
from support.turn_steps import wait_for

pytestmark = pytest.mark.faults

KILLS_BEFORE_A_WORD = 6
KILLS_AMID_WORDS = 14
LANES = 2
QUESTIONS = 2
LOST_AT_MOST_S = 1.0
TOLERANCE_S = 0.5
"""What saving itself may take on a busy machine."""


@dataclass
class Heard:
    """What a reader got of one answer before the backend was killed."""

    prompt: str
    start: Start | None = None
    pieces: list[tuple[float, str]] = field(default_factory=list)
    killed_at: float = 0.0

    def surely_saved(self) -> str:
        until = self.killed_at - LOST_AT_MOST_S - TOLERANCE_S
        return "".join(text for at, text in self.pieces if at < until)


@dataclass(frozen=True)
class Kill:
    """When to kill: so many seconds after the questions, or after the first words of their answers."""

    after_s: float
    is_amid_words: bool


def listen(url: str, heard: Heard) -> None:
    with suppress(ChatappError), BackendClient(url) as client:
        for event in client.stream(heard.prompt, store=True):
            if isinstance(event, Start):
                heard.start = event
            elif isinstance(event, Text):
                heard.pieces.append((time.monotonic(), event.text))


def kill_while_answering(env: dict[str, str], kill: Kill, *, earlier: list[Heard]) -> list[Heard]:
    """Start, check what earlier ones left, ask, and kill the process; give what was acknowledged."""
    heard = [Heard(f"Question {number}?") for number in range(QUESTIONS)]
    with Serving(env=env) as serving, ThreadPoolExecutor(QUESTIONS) as readers:
        check(serving.url, earlier)
        for one in heard:
            readers.submit(listen, serving.url, one)
        if kill.is_amid_words:
            wait_for(lambda: all(one.pieces for one in heard), timeout_s=20)
        time.sleep(kill.after_s)
        killed_at = time.monotonic()
        serving.signal(signal.SIGKILL)
    for one in heard:
        one.killed_at = killed_at
    return [one for one in heard if one.start is not None]


def check(url: str, acknowledged: list[Heard]) -> None:
    with BackendClient(url) as client:
        for heard in acknowledged:
            assert heard.start is not None
            assert client.turn(heard.start.turn_id).status == "interrupted"
            question, answer = client.conversations.messages(str(heard.start.conversation_id)).items
            assert (question.content, answer.status) == (heard.prompt, "interrupted")
            assert answer.content.startswith(heard.surely_saved())
            assert "".join(text for _, text in heard.pieces).startswith(answer.content)
        assert all(item.active_turn_id is None for item in client.conversations.page().items)


def kill_again_and_again(stub_url: str, data_dir: Path, kills: list[Kill]) -> list[Heard]:
    env = {"BASE_URL": stub_url, "OPENAI_API_KEY": KEY, "MODEL_NAME": "stub-model", "DATA_DIR": str(data_dir)}
    acknowledged: list[Heard] = []
    last: list[Heard] = []
    for kill in kills:
        last = kill_while_answering(env, kill, earlier=last)
        acknowledged += last
    with Serving(env=env) as serving:
        check(serving.url, acknowledged)
    with sqlite3.connect(data_dir / "chatapp.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM turns WHERE status = 'streaming'").fetchone() == (0,)
        calls = {turn_id for (turn_id,) in connection.execute("SELECT turn_id FROM model_calls")}
        assert {heard.start.turn_id for heard in acknowledged if heard.pieces and heard.start} <= calls
    connection.close()
    return acknowledged


def spread(number: int, longest_s: float, chance: random.Random) -> list[float]:
    """Return so many random moments, one in each equal part of the time."""
    return [longest_s * (part + chance.random()) / number for part in range(number)]


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_when_the_backend_is_killed_while_it_answers(
    stub: StubModel, tmp_path: Path
) -> None:
    stub.default = scripts.answer(*(step for number in range(1000) for step in (f"{number} ", 0.02)))
    chance = random.Random(7)
    kills = [Kill(after_s, is_amid_words=False) for after_s in spread(KILLS_BEFORE_A_WORD, 1.0, chance)]
    kills += [Kill(after_s, is_amid_words=True) for after_s in spread(KILLS_AMID_WORDS, 2.2, chance)]
    chance.shuffle(kills)
    with ThreadPoolExecutor(LANES) as lanes:
        running = [
            lanes.submit(kill_again_and_again, stub.url, tmp_path / f"data{lane}", kills[lane::LANES])
            for lane in range(LANES)
        ]
        acknowledged = [heard for lane in running for heard in lane.result()]
    assert len(acknowledged) >= KILLS_AMID_WORDS * QUESTIONS
    assert sum(bool(heard.surely_saved()) for heard in acknowledged) >= KILLS_AMID_WORDS / 4
