"""While another process holds the store: who waits for it keeps nobody else waiting."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import requests

from chatapp.client import BackendClient
from support.running_backend import RunningBackend
from support.turn_steps import wait_for


def test_ready_answers_behind_any_number_of_questions_that_wait(client: BackendClient, backend: RunningBackend) -> None:
    path = backend.app.state.settings.data_dir / "chatapp.db"
    with ThreadPoolExecutor(12) as crowd, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asked = [crowd.submit(client.ask, "Why?", store=True) for _ in range(12)]
        wait_for(lambda: sum(it.name.startswith("blocking") for it in threading.enumerate()) >= 12)
        began = time.monotonic()
        requests.get(f"{backend.url}/ready", timeout=10)
        took_s = time.monotonic() - began
        other.execute("ROLLBACK")
        answers = [it.result() for it in asked]
    assert took_s < 4
    assert {answer.answer for answer in answers} == {"Hello from the stub."}
