"""Steps that tests of turns and conversations share, over HTTP."""

import time
from collections.abc import Callable
from typing import Any

import requests

from chatapp.protocol.events import Start
from support.event_streams import Read, read
from support.running_backend import RunningBackend


def begin(backend: RunningBackend, prompt: str = "Why?", **fields: Any) -> Start:
    """Ask a question that is kept, and leave as soon as it is accepted."""
    if "conversation_id" not in fields:
        fields["store"] = True
    with backend.client.stream(prompt, **fields) as events:
        start = next(iter(events))
    assert isinstance(start, Start)
    return start


def read_on(backend: RunningBackend, turn_id: str, after: int = 0) -> Read:
    """Read a turn behind a position to its end."""
    headers = {"Last-Event-ID": str(after)}
    response = requests.get(f"{backend.url}/turns/{turn_id}/stream", headers=headers, timeout=10)
    assert response.status_code == 200, response.text
    return read(response.content)


def wait_for(what: Callable[[], Any], *, timeout_s: float = 30) -> Any:
    """Return what `what` gives, once that is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def told(backend: RunningBackend, path: str, **params: Any) -> dict[str, Any]:
    """Return the JSON that the backend answers with."""
    response = requests.get(backend.url + path, params=params, timeout=10)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def wait_until_over(backend: RunningBackend, turn_id: str, *, timeout_s: float = 5) -> dict[str, Any]:
    """Return the turn once it has ended."""

    def ended() -> dict[str, Any] | None:
        turn = told(backend, f"/turns/{turn_id}")
        return None if turn["status"] == "streaming" else turn

    turn: dict[str, Any] = wait_for(ended, timeout_s=timeout_s)
    return turn


def wait_for_text(backend: RunningBackend, turn_id: str, text: str, *, timeout_s: float = 5) -> None:
    """Return once the answer has got as far as `text`."""
    wait_for(lambda: backend.client.turn(turn_id).answer.startswith(text), timeout_s=timeout_s)


def messages(backend: RunningBackend, conversation_id: str | None, **options: Any) -> list[dict[str, Any]]:
    """Return the messages of a conversation's branch."""
    items: list[dict[str, Any]] = told(backend, f"/conversations/{conversation_id}/messages", **options)["items"]
    return items


def contents(backend: RunningBackend, conversation_id: str | None, **options: Any) -> list[str]:
    """Return what was said in a conversation's branch."""
    return [message["content"] for message in messages(backend, conversation_id, **options)]
