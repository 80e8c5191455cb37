"""What a question comes to, seen through each of the doors: whole, streamed, and by our client."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from chatapp.errors import ChatappError
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel

PROMPT = "s3ntinel of the prompt"
UPSTREAM_HOST = "10.0.0.7"


@dataclass(frozen=True)
class Outcome:
    """How a question ended. `has_begun` says whether the response had begun before."""

    status: int
    error: dict[str, Any] | None
    has_begun: bool = False

    @property
    def code(self) -> str | None:
        return self.error["code"] if self.error else None


Ask = Callable[[RunningBackend], Outcome]


def whole(backend: RunningBackend) -> Outcome:
    response = requests.post(f"{backend.url}/query", json={"prompt": PROMPT}, timeout=10)
    return Outcome(response.status_code, None if response.ok else response.json())


def streamed(backend: RunningBackend) -> Outcome:
    response = requests.post(f"{backend.url}/query/stream", json={"prompt": PROMPT}, timeout=10)
    if not response.ok:
        return Outcome(response.status_code, response.json())
    _, _, error = response.text.partition("event: error\ndata:")
    return Outcome(response.status_code, json.loads(error) if error else None, has_begun=True)


def through_the_client(backend: RunningBackend) -> Outcome:
    try:
        list(backend.client.stream(PROMPT))
    except ChatappError as error:
        return Outcome(error.status, error.as_dict())
    return Outcome(200, None)


every_way = pytest.mark.parametrize("ask", [whole, streamed, through_the_client], ids=lambda ask: ask.__name__)


def assert_says_nothing_of_others(text: str, stub: StubModel) -> None:
    """Check that nothing of the key, the prompt, the model server's address, its words or our code is in `text`."""
    address = stub.url.removeprefix("http://").removesuffix("/v1")
    for secret in (KEY, KEY[:12], KEY[-8:], PROMPT, PROMPT[:8], UPSTREAM_HOST, address, "<html", "nginx", "Traceback"):
        assert secret not in text
