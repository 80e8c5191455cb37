"""The backend as Python functions, over one pooled `requests` session. The page and the command line both use it.

from chatapp.client import BackendClient

with BackendClient("http://localhost:8000") as backend:
    print(backend.ask("What is Python?").answer)
    for event in backend.stream("And SSE?"):
        print(event)
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import requests

from chatapp.client.bounded import bounded
from chatapp.client.conversation_api import ConversationApi
from chatapp.client.http import HttpSession, Json, body_of, path_of
from chatapp.client.project_api import ProjectApi
from chatapp.client.stream import AnswerStream
from chatapp.protocol import gathering
from chatapp.protocol.events import Answer
from chatapp.protocol.reading import read_readiness
from chatapp.protocol.resources import (
    AttachmentInfo,
    AttachmentPreview,
    HealthInfo,
    ModelsInfo,
    ReadinessInfo,
    TurnInfo,
)
from chatapp.protocol.surfaces import Surface, user_agent
from chatapp.protocol.usage_resources import EstimateInfo, UsageInfo

__all__ = ["AnswerStream", "BackendClient", "messages_from"]


class BackendClient:
    """A chatapp backend at `base_url`. Every failure is raised as its class from `chatapp.errors`.

    `timeout_s` is how long to wait for the next byte, in seconds, > 0. One client serves many threads. `surface` is
    what questions come in by, for the record of calls to models. `gather_ms` has the words of an answer come in steps
    of that many milliseconds, for who draws them in steps anyway: each that is read takes its time.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float = 30.0,
        api_key: str | None = None,
        surface: Surface = "api",
        gather_ms: int = 0,
    ) -> None:
        headers = {"User-Agent": user_agent(surface), **({gathering.HEADER: str(gather_ms)} if gather_ms else {})}
        self._http = HttpSession(base_url, timeout_s=timeout_s, api_key=api_key, headers=headers)
        self.conversations = ConversationApi(self._http)
        self.projects = ProjectApi(self._http)

    @property
    def base_url(self) -> str:
        """The backend's address, without a slash at its end."""
        return self._http.base_url

    @property
    def timeout_s(self) -> float:
        """How long it waits for the next byte, in seconds."""
        return self._http.timeout_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def health(self) -> HealthInfo:
        """Return what `GET /health` says: status, service, version."""
        return self._http.read(HealthInfo, "GET", "/health")

    def ready(self) -> ReadinessInfo:
        """Return what `GET /ready` says, also when the backend is not ready."""
        response = self._http.send("GET", "/ready")
        body = body_of(response)
        if response.status_code != requests.codes.service_unavailable or "model" not in body:
            body = self._http.checked(response, body)
        return self._http.as_resource(read_readiness, body)

    def models(self) -> ModelsInfo:
        """Return the names of the models that can be asked, and which is asked by default."""
        return self._http.read(ModelsInfo, "GET", "/models")

    def usage(
        self, *, by: str = "day", since: str | None = None, until: str | None = None, scope: str = "own"
    ) -> UsageInfo:
        """Return what calls to models have taken by day, model, connection, key or surface.

        `since` and `until` are UTC days such as 2026-11-28; without them the last 30 days. `scope` "all" is what every
        key has used, for who may see it.
        """
        params = {"by": by, "since": since, "until": until, "scope": scope}
        return self._http.read(UsageInfo, "GET", "/usage", params=params)

    def usage_csv(self, **which: str | None) -> str:
        """Return the same as CSV; `which` as of `usage`."""
        return self._http.file("/usage", params={**which, "format": "csv"}).decode()

    def estimate(self, prompt: str = "", **options: Any) -> EstimateInfo:
        """Return what would go along with a question, which is not asked; `options` are those of `ask`."""
        return self._http.read(EstimateInfo, "POST", "/query/estimate", _request(prompt, options))

    def ask(self, prompt: str, *, idempotency_key: str | None = None, **options: Any) -> Answer:
        """Return the whole answer of `POST /query`. `options` are the request's other fields, e.g. `temperature=0.2`.

        With the same `idempotency_key` the same question is asked once, however often it is sent.
        """
        headers = _headers(idempotency_key)
        return self._http.read(Answer, "POST", "/query", _request(prompt, options), headers=headers)

    def stream(self, prompt: str, *, idempotency_key: str | None = None, **options: Any) -> AnswerStream:
        """Start `POST /query/stream` and return its events as they come; close them to stop the answer.

        `idempotency_key` and `options` are those of `ask`.

        Raises:
            ChatappError: the backend refused before the first event, or cannot be reached.
        """
        headers = _headers(idempotency_key)
        return self._http.events("POST", "/query/stream", _request(prompt, options), headers=headers)

    def attach(self, file: Path | BinaryIO, *, name: str | None = None) -> AttachmentInfo:
        """Send a file to go along with a question, whose `attachments` is a list of such ids; `name` unless a path's.

        Raises:
            ChatappError: the backend cannot be asked, or no model could make anything of it.
        """
        if isinstance(file, Path):
            with file.open("rb") as content:
                return self.attach(content, name=name or file.name)
        return self._http.read(
            AttachmentInfo, "POST", "/attachments", content=bounded(file), params={"name": name or "file"}
        )

    def thumbnail(self, attachment_id: str) -> bytes:
        """Return a small copy of a picture, a JPEG or a PNG.

        Raises:
            ChatappError: the backend cannot be asked, or has no such picture of yours.
        """
        return self._http.file(path_of("attachments", attachment_id, "thumbnail"))

    def preview(self, attachment_id: str, *, pages: str | None = None) -> AttachmentPreview:
        """Return what a model gets of a file, or of `pages` of it.

        Raises:
            ChatappError: the backend cannot be asked, or has no such file of yours.
        """
        return self._http.read(
            AttachmentPreview, "GET", path_of("attachments", attachment_id, "preview"), params={"pages": pages}
        )

    def resume(self, turn_id: str, *, last_event_id: str = "0") -> AnswerStream:
        """Go on reading a turn behind the event `last_event_id`; "0" reads it from its start."""
        return self._http.events("GET", path_of("turns", turn_id, "stream"), headers={"Last-Event-ID": last_event_id})

    def turn(self, turn_id: str) -> TurnInfo:
        """Return a turn as far as it is."""
        return self._http.read(TurnInfo, "GET", path_of("turns", turn_id))

    def cancel(self, turn_id: str) -> None:
        """Stop an answer; what was said so far is stored."""
        self._http.json("POST", path_of("turns", turn_id, "cancel"))


def _request(prompt: str, options: Json) -> Json:
    return {"prompt": prompt, **{name: value for name, value in options.items() if value is not None}}


def _headers(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key} if idempotency_key else {}


def messages_from(history: Sequence[Json]) -> list[dict[str, str]]:
    """Return earlier messages as the backend takes them: role and content, without what a page adds for itself."""
    return [{"role": message["role"], "content": message["content"]} for message in history]
