"""The backend of this session: how it is, and what it offers."""

from chatapp.frontend.session import state
from chatapp.frontend.session.backend import BackendStatus, models_of, readiness_of, shares_of
from chatapp.protocol.resources import ModelsInfo
from chatapp.protocol.share_resources import ShareInfo


def readiness(*, patience_s: float = 0.0) -> BackendStatus:
    """Return whether it can answer; news of that are waited for `patience_s` seconds at most."""
    return readiness_of(state.settings().backend_url, api_key=state.api_key(), patience_s=patience_s)


def models() -> ModelsInfo | None:
    """Return the models that can be asked; None where it does not tell."""
    return models_of(state.settings().backend_url, api_key=state.api_key())


def shares() -> tuple[ShareInfo, ...] | None:
    """Return the links to conversations that there are; None where it makes none, or does not tell."""
    return shares_of(state.settings().backend_url, api_key=state.api_key())


def answering_model() -> str | None:
    """Return the model that answers the conversation on show, empty if none answers; None where nobody knows."""
    view = state.view()
    return view.conversation.chat_options.model or (view.project and view.project.model) or readiness().model
