"""The backend as the page sees it: one pooled client per address, and whether it is ready."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from chatapp.client import BackendClient
from chatapp.client.chat import ChatOptions
from chatapp.errors import BackendError, BackendProtocolError, ChatappError, UnauthorizedError
from chatapp.frontend.session.revalidated import Revalidated
from chatapp.protocol.money import picodollars, shown_dollars
from chatapp.protocol.resources import AttachmentPreview, ConnectionInfo, ModelsInfo, ReadinessInfo
from chatapp.protocol.share_resources import ShareInfo
from chatapp.protocol.usage_resources import EstimateInfo

T = TypeVar("T")
READY_TIMEOUT_S = 5.0
_GATHER_MS = 150
"""Steps of six words are as smooth to read as steps of one, which would cost the page several times as much."""
_READY_TTL_S = 3.5
_AWAY_TTL_S = 1.0
_MODELS_TTL_S = 15.0
_SHARES_TTL_S = 60.0
_PREVIEW_TTL_S = 600.0
_ESTIMATE_TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """What `GET /ready` says, or why it could not be asked. `model` is None where the backend did not tell it.

    `reason` is why it is that model, and `connections` are the model servers there are.

    `is_answering` is false where no backend could be reached, `is_known_key` where the backend does not know the key.
    `is_admitted` is true only where it has told how it is, as it does for nobody without a key.
    """

    is_ready: bool
    is_answering: bool = True
    model: str | None = None
    provider: str | None = None
    is_demo: bool = False
    sentence: str = ""
    hint: str = ""
    is_known_key: bool = True
    is_admitted: bool = False
    reason: str = ""
    connections: tuple[ConnectionInfo, ...] = ()


@st.cache_resource(max_entries=64, show_spinner=False, on_release=BackendClient.close)
def client_of(url: str, *, timeout_s: float, api_key: str | None) -> BackendClient:
    """Return the client of the backend at `url`, shared by every session that asks it in the same way."""
    return BackendClient(url, timeout_s=timeout_s, api_key=api_key, surface="page", gather_ms=_GATHER_MS)


def models_of(url: str, *, api_key: str | None) -> ModelsInfo | None:
    """Return the models that can be asked at the backend at `url`; None where it does not tell.

    It is asked again sooner where it did not: a model server that was away may be back.
    """
    return _models().get((_epoch(), url, api_key), partial(_ask_models, url, api_key=api_key))


def _ask_models(url: str, *, api_key: str | None) -> ModelsInfo | None:
    return _unless_refused(client_of(url, timeout_s=READY_TIMEOUT_S, api_key=api_key).models)


@st.cache_resource(show_spinner=False)
def _models() -> Revalidated[ModelsInfo | None]:
    return Revalidated(fresh_s=_MODELS_TTL_S, retry_s=_READY_TTL_S)


def _unless_refused(ask: Callable[[], T]) -> T | None:
    """Return what the backend tells, None where it does not."""
    try:
        return ask()
    except ChatappError:
        return None


def preview_of(
    url: str, *, api_key: str | None, attachment_id: str, pages: str | None = None
) -> AttachmentPreview | None:
    """Return what a model gets of a file or of its `pages`; None where the backend does not tell, to be asked again."""
    return _unless_refused(partial(_preview, url, api_key=api_key, attachment_id=attachment_id, pages=pages))


@st.cache_data(ttl=_PREVIEW_TTL_S, max_entries=64, show_spinner=False)
def _preview(url: str, *, api_key: str | None, attachment_id: str, pages: str | None) -> AttachmentPreview:
    return client_of(url, timeout_s=READY_TIMEOUT_S, api_key=api_key).preview(attachment_id, pages=pages)


@st.cache_data(ttl=_SHARES_TTL_S, max_entries=64, show_spinner=False)
def shares_of(url: str, *, api_key: str | None) -> tuple[ShareInfo, ...] | None:
    """Return the links to conversations that there are; None where the backend makes none, or does not tell."""
    return _unless_refused(client_of(url, timeout_s=READY_TIMEOUT_S, api_key=api_key).conversations.shares)


def takes_no_images(url: str, *, api_key: str | None, model: str | None) -> bool:
    """Return whether it is known that `model`, or else the one that is asked by default, takes no pictures."""
    told = models_of(url, api_key=api_key)
    return told is not None and told.takes_images(model or told.default) is False


@st.cache_data(ttl=_READY_TTL_S, max_entries=64, show_spinner=False)
def cost_of(url: str, *, api_key: str | None, conversation_id: str, messages: int) -> str | None:
    """Return what a conversation has cost, as people read it; None where nothing was paid or the backend does not tell.

    `messages` is how many there are: with more, it is asked again.
    """
    backend = client_of(url, timeout_s=READY_TIMEOUT_S, api_key=api_key)
    usage = _unless_refused(partial(backend.conversations.usage, conversation_id))
    if usage is None:
        return None
    if usage.calls and usage.unpriced_calls == usage.calls:
        return "unknown"
    return shown_dollars(usage.cost) if picodollars(usage.cost) else None


def estimate_of(url: str, *, api_key: str | None, options: ChatOptions, last: str, **asked: Any) -> EstimateInfo | None:
    """Return what would go along with the next question; None where the backend does not tell, which is asked again.

    `asked` is the conversation or its messages, and the attachments that wait. `last` is the last message that there
    is: behind another one it is asked again.
    """
    return _unless_refused(partial(_estimate, url, api_key=api_key, last=last, asked={**asked, **options.fields()}))


@st.cache_data(ttl=_ESTIMATE_TTL_S, max_entries=64, show_spinner=False)
def _estimate(url: str, *, api_key: str | None, last: str, asked: Mapping[str, Any]) -> EstimateInfo:
    del last  # only tells one answer that is kept from another
    return client_of(url, timeout_s=READY_TIMEOUT_S, api_key=api_key).estimate(**asked)


def readiness_of(url: str, *, api_key: str | None, patience_s: float = 0.0) -> BackendStatus:
    """Return whether the backend at `url` can answer; asked at most every few seconds, for all sessions.

    It may look at model servers that are slow to say so: its answer is waited for `patience_s` seconds at most, where
    an earlier one can be shown.
    """
    ask = partial(ask_readiness, url, api_key=api_key)
    return _readiness().get((_epoch(), url, api_key), ask, patience_s=patience_s)


@st.cache_resource(show_spinner=False)
def _readiness() -> Revalidated[BackendStatus]:
    return Revalidated(fresh_s=_READY_TTL_S, retry_s=_AWAY_TTL_S, is_fault=lambda status: not status.is_ready)


@st.cache_data(show_spinner=False)
def _epoch() -> str:
    """Return another value each time that Streamlit's caches are cleared: what was told before is forgotten then."""
    return uuid.uuid4().hex


def forget_backend() -> None:
    """Ask the backend anew what it has: something was changed."""
    _epoch.clear()


def ask_readiness(url: str, *, api_key: str | None) -> BackendStatus:
    """Ask the backend at `url` now whether it can answer."""
    return _ready(client_of(url, timeout_s=READY_TIMEOUT_S, api_key=api_key))


def _ready(client: BackendClient) -> BackendStatus:
    try:
        return _status(client.ready())
    except ChatappError as error:
        if isinstance(error, BackendProtocolError) and _is_healthy(client):
            return BackendStatus(is_ready=True)
        return BackendStatus(
            is_ready=False,
            is_answering=not isinstance(error, BackendError),
            is_known_key=not isinstance(error, UnauthorizedError),
            sentence=error.detail,
            hint=error.hint or "",
        )


def _is_healthy(client: BackendClient) -> bool:
    """Return whether it answers as the guide's backend does, which has no `/ready`."""
    try:
        return client.health().status == "healthy"
    except ChatappError:
        return False


def _status(readiness: ReadinessInfo) -> BackendStatus:
    model, fault = readiness.model, readiness.fault
    return BackendStatus(
        is_ready=readiness.is_ready,
        is_admitted={"model", "store"} <= readiness.dependencies.keys(),
        model=model.name if model else None,
        provider=model.provider if model else None,
        is_demo=bool(model and model.is_demo),
        reason=(model and model.reason) or "",
        connections=readiness.connections,
        sentence=(fault and fault.detail) or "",
        hint=(fault and fault.hint) or "",
    )
