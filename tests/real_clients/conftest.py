"""Each client in turn, run once in front of each model; its tests look at what came of the cases."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.local_model.weights import find_weights
from real_clients.clients import CLIENTS, Client, environment
from real_servers.kinds import LLAMA_CPP
from real_servers.model_server import KEY, MODEL, ModelServer
from real_servers.releases import FOLDER
from support import scripts
from support.commands import Serving
from support.running_backend import backend_before
from support.stub_model import Exchange, StubModel

_MARKS = [pytest.mark.real_clients, pytest.mark.timeout(3600)]  # the first test of a client installs it
_RUN_S = 2400
_PATIENCE = {"FIRST_CONTENT_TIMEOUT": "1500", "TOTAL_TIMEOUT": "1500"}
"""A busy machine may take minutes to fill the window of a real model."""
_KEYS = {client.name: f"key-{number}" for number, client in enumerate(CLIENTS)}
API_KEYS = ",".join(f"client{number}:{key}" for number, key in enumerate(_KEYS.values()))


@dataclass
class Front:
    """A backend that knows a key for each client. `models`: one to chat with, one that calls tools, an endless one.

    `long_question` is asked where the answer is to be left.
    """

    name: str
    url: str
    models: str
    question: str = "Why?"
    long_question: str = "Why?"


@dataclass
class Run:
    """What one client told of its cases in front of one backend, and that backend as the client's key sees it."""

    client: Client
    front: Front
    told: dict[str, dict[str, Any]]
    backend: BackendClient
    output: str


async def _calling(exchange: Exchange) -> None:
    """Call a tool, and answer once its result is there."""
    has_result = any(message["role"] == "tool" for message in exchange.call.body["messages"])
    names = [tool["function"]["name"] for tool in exchange.call.body.get("tools", ()) if "function" in tool]
    name = next((name for name in names if name.endswith("get_weather")), "get_weather")
    called = scripts.answer(scripts.tool_call(name), finish="tool_calls")
    await (scripts.answer("It rains.") if has_result else called)(exchange)


@contextmanager
def _before_stub(folder: Path) -> Iterator[Front]:
    with StubModel() as stub, backend_before(stub, folder, api_keys=API_KEYS) as backend:
        stub.models["calling"] = _calling
        stub.models["endless"] = scripts.answer(scripts.endless(every_s=0.02))
        yield Front("stub", backend.url, "stub-model calling endless")


@contextmanager
def _before_llama_cpp(folder: Path) -> Iterator[Front]:
    weights = find_weights("smollm2-135m", folder=FOLDER / "weights").path
    with ModelServer(LLAMA_CPP, weights=weights, folder=folder) as server:
        env = {"BASE_URL": server.url, "OPENAI_API_KEY": KEY, "MODEL_NAME": MODEL, "DATA_DIR": str(folder / "data")}
        with Serving(env={**env, **_PATIENCE, "API_KEYS": API_KEYS}) as serving:
            models = f"{MODEL} {MODEL} {MODEL}"
            yield Front("llama.cpp", serving.url, models, "Say hello.", "Tell a very long story about the sea.")


_FRONTS = {"stub": _before_stub, "llama.cpp": _before_llama_cpp}


@pytest.fixture(scope="session", params=["stub", pytest.param("llama.cpp", marks=_MARKS)])
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The backend, in front of which model."""
    with _FRONTS[request.param](tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest.fixture(
    scope="session",
    params=[pytest.param(client, id=client.name, marks=[] if client.is_cheap else _MARKS) for client in CLIENTS],
)
def run(request: pytest.FixtureRequest, front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """What a client told, with a key of its own."""
    client, folder = request.param, tmp_path_factory.mktemp("client")
    key = _KEYS[client.name]
    cases = client.cases_before(front.name)
    questions = {case: front.long_question if case == "cancel" else front.question for case in cases}
    outputs = [
        _output(client, front, folder, question, [case for case in cases if questions[case] == question])
        for question in dict.fromkeys(questions.values())
    ]
    lines = [json.loads(line) for output in outputs for line in output.splitlines() if line.startswith('{"case"')]
    with BackendClient(front.url, api_key=key, timeout_s=30) as backend:
        told = {line.pop("case"): line for line in lines}
        yield Run(client, front, told, backend, "".join(outputs))


def _output(client: Client, front: Front, folder: Path, question: str, cases: list[str]) -> str:
    """Return what a client prints that is asked to do `cases`, as far as anybody would read it."""
    command = [*client.command(), f"{front.url}/v1", _KEYS[client.name], *cases]
    env = {**environment(folder), "MODELS": front.models, "QUESTION": question}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=_RUN_S, check=False)
    return f"{done.stdout}{done.stderr[-2000:]}"
