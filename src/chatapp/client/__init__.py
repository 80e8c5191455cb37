"""The backend as Python functions, over one pooled `requests` session. The page and the command line both use it.

from chatapp.client import BackendClient

with BackendClient("http://localhost:8000") as backend:
    print(backend.ask("What is Python?").answer)
    for event in backend.stream("And SSE?"):
        print(event)
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import requests

from chatapp.client.connection import Connection, body_of, path_of
from chatapp.client.conversations import Conversations
from chatapp.client.stream import AnswerStream
from chatapp.protocol.events import Answer

__all__ = ["AnswerStream", "BackendClient", "messages_from"]


class BackendClient:
    """A chatapp backend at `base_url`. Every failure is raised as its class from `chatapp.errors`.

    `timeout_s` is how long to wait for the next byte, in seconds, > 0. One client serves many threads.
    """

    def __init__(self, base_url: str, *, timeout_s: float = 30.0, api_key: str | None = None) -> None:
        self._connection = Connection(base_url, timeout_s=timeout_s, api_key=api_key)
        self.conversations = Conversations(self._connection)

    @property
    def base_url(self) -> str:
        """The backend's address, without a slash at its end."""
        return self._connection.base_url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the pooled connections."""
        self._connection.close()

    def health(self) -> dict[str, Any]:
        """Return the JSON of `GET /health`: status, service, version."""
        return self._connection.json("GET", "/health")

    def ready(self) -> dict[str, Any]:
        """Return the JSON of `GET /ready`, also when it says that the backend is not ready.

        The entries `model` and `store` hold `ok`, and where that is false `detail` and `hint`.
        """
        response = self._connection.send("GET", "/ready")
        body = body_of(response)
        if response.status_code == requests.codes.service_unavailable and "model" in body:
            return body
        return self._connection.checked(response, body)

    def models(self) -> dict[str, Any]:
        """Return the JSON of `GET /models`: `models`, the names that can be asked, and `default` among them."""
        return self._connection.json("GET", "/models")

    def ask(self, prompt: str, *, idempotency_key: str | None = None, **options: Any) -> Answer:
        """Return the whole answer of `POST /query`. `options` are the request's other fields, e.g. `temperature=0.2`.

        With the same `idempotency_key` the same question is asked once, however often it is sent.
        """
        headers = _headers(idempotency_key)
        body = self._connection.json("POST", "/query", _request(prompt, options), headers=headers)
        if not isinstance(body.get("answer"), str) or not isinstance(body.get("model"), str):
            raise self._connection.foreign("sent no answer")
        return Answer(**{name: body.get(name) for name in Answer.__dataclass_fields__})  # type: ignore[arg-type]

    def stream(self, prompt: str, *, idempotency_key: str | None = None, **options: Any) -> AnswerStream:
        """Start `POST /query/stream` and give its events as they come; close it to stop the answer.

        `idempotency_key` and `options` are those of `ask`.

        Raises:
            ChatappError: the backend refused before the first event, or cannot be reached.
        """
        headers = _headers(idempotency_key)
        response = self._connection.send(
            "POST", "/query/stream", _request(prompt, options), headers=headers, stream=True
        )
        return self._connection.events(response)

    def resume(self, turn_id: str, *, last_event_id: str = "0") -> AnswerStream:
        """Go on reading a turn behind the event `last_event_id`; "0" reads it from its start."""
        headers = {"Last-Event-ID": last_event_id}
        response = self._connection.send("GET", path_of("turns", turn_id, "stream"), headers=headers, stream=True)
        return self._connection.events(response)

    def turn(self, turn_id: str) -> dict[str, Any]:
        """Return a turn as far as it is: status, answer, usage, error."""
        return self._connection.json("GET", path_of("turns", turn_id))

    def cancel(self, turn_id: str) -> None:
        """Stop an answer; what was said so far is kept."""
        self._connection.json("POST", path_of("turns", turn_id, "cancel"))


def _request(prompt: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"prompt": prompt, **{name: value for name, value in options.items() if value is not None}}


def _headers(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key} if idempotency_key else {}


def messages_from(history: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return earlier messages as the backend takes them: role and content, without what a page adds for itself."""
    return [{"role": message["role"], "content": message["content"]} for message in history]
