"""The store when its process is killed: every acknowledged question and text is there."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.config.settings import Settings
from support.turn_steps import wait_for

TESTS = Path(__file__).parents[2]
KILLS = 20


def write_until_killed(settings: Settings, *, after_s: float) -> list[dict[str, Any]]:
    """Return what the writer was told is saved before it was killed, `after_s` seconds after the first of it."""
    arguments = [str(settings.data_dir)]
    if settings.database_url:
        arguments.append(settings.database_url.get_secret_value())
    command = [sys.executable, "-m", "support.store_writer", *arguments]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(after_s)
        writer.kill()
        lines = [first, *writer.stdout]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def no_turn_goes_on(store: Store, acknowledged: list[dict[str, Any]]) -> bool:
    """Look for orphans as a backend does every few seconds: PostgreSQL may hold what a killed client has locked."""
    store.turns.interrupt_orphans(is_gone=lambda process_id: process_id == "writer")
    turn_ids = {said["turn"] for said in acknowledged}
    return all(store.turns.get(turn_id, owner="ada").status != "streaming" for turn_id in turn_ids)


def assert_all_there(store: Store, acknowledged: list[dict[str, Any]]) -> None:
    turns = {turn_id: store.turns.get(turn_id, owner="ada") for turn_id in {said["turn"] for said in acknowledged}}
    for said in acknowledged:
        assert turns[said["turn"]].text.startswith(said.get("text", ""))
    questions = {said["question"] for said in acknowledged if "question" in said}
    conversation_id = turns[acknowledged[0]["turn"]].conversation_id
    assert questions <= {message.id for message in store.messages.all(str(conversation_id), owner="ada")}


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(store_settings: Settings) -> None:
    chance = random.Random(4)
    for _ in range(KILLS if store_settings.database_url is None else 3):
        acknowledged = write_until_killed(store_settings, after_s=chance.uniform(0, 0.2))
        store = Store.open(store_settings)
        try:
            wait_for(partial(no_turn_goes_on, store, acknowledged))
            assert_all_there(store, acknowledged)
        finally:
            store.close()
    if store_settings.database_url is None:
        with sqlite3.connect(store_settings.data_dir / "chatapp.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
