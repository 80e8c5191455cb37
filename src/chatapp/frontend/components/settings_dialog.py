"""The settings dialog: how the page asks, what is in force and where it came from, and conversations as files."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import streamlit as st

from chatapp import __version__
from chatapp.config import demo_model
from chatapp.frontend.access.owner import may_change_servers
from chatapp.frontend.components.exports import export_box
from chatapp.frontend.components.imports import import_box
from chatapp.frontend.components.servers import servers
from chatapp.frontend.components.told import remember_wishes
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.frontend.session.backend import BackendStatus, cost_of, readiness_of
from chatapp.protocol.resources import ConnectionInfo

_MINUTE_S, _HOUR_S = 60, 3600
_HERE = "changed here"
_LOOKS = (
    '<div class="looks" role="group" aria-label="Colours"><span>Colours</span>'
    + "".join(
        f'<button type="button" data-look="{look}">{name}</button>'
        for look, name in (("System", "As the system"), ("Light", "Light"), ("Dark", "Dark"))
    )
    + "</div>"
)
"""What `assets/sidebar.js` finds: which it is only the browser knows."""


class InForce(NamedTuple):
    """A line of what is in force: its name, its value, and what has set it."""

    name: str
    value: str
    origin: str = ""


@st.dialog("Settings", width="medium", icon=":material/settings:", on_dismiss=actions.close_dialog)
def settings_dialog() -> None:
    """Draw the dialog."""
    readiness = readiness_of(state.settings().backend_url, api_key=state.api_key())
    page, models, files = st.tabs(["This page", "Models", "Conversations"])
    with page:
        _options()
        remember_wishes()
        _table((*_settings_in_force(), *_facts(state.view().conversation)), "What is in force on this page")
    with models:
        _models(readiness)
    with files:
        _files()


def _options() -> None:
    with st.container(key="options"):
        st.toggle("Stream answers", key=state.STREAMING, help="Show words as the model says them, or all at once.")
        st.number_input(
            "Request timeout (seconds)",
            min_value=1.0,
            max_value=3600.0,
            step=5.0,
            format="%g",
            key=state.TIMEOUT,
            help="How long to wait for the next word.",
        )
        st.html(_LOOKS)


def _settings_in_force() -> Iterable[InForce]:
    settings, timeout_s = state.settings(), state.timeout_s()
    yield InForce("Backend", settings.backend_url, settings.origin("backend_url"))
    is_given = state.is_streamed() == settings.use_streaming
    yield InForce("Streaming", "on" if state.is_streamed() else "off", _origin("use_streaming", is_given=is_given))
    is_given = timeout_s == settings.request_timeout
    yield InForce("Request timeout", f"{timeout_s:g} s", _origin("request_timeout", is_given=is_given))


def _origin(name: str, *, is_given: bool) -> str:
    return state.settings().origin(name) if is_given else _HERE


def _facts(conversation: OpenConversation) -> Iterable[InForce]:
    yield InForce("Messages", f"{len(conversation.messages)}{'+' if conversation.has_unloaded else ''}", "loaded")
    if cost := _cost(conversation):
        yield InForce("Cost", cost, "of this conversation")
    yield InForce("Session", _duration(state.duration_s()), state.session_id())
    yield InForce("Version", __version__)


def _cost(conversation: OpenConversation) -> str | None:
    """Return what the conversation has cost so far, None while that is nothing."""
    if conversation.id is None or conversation.live is not None:
        return None
    url, count = state.settings().backend_url, len(conversation.messages)
    return cost_of(url, api_key=state.api_key(), conversation_id=conversation.id, messages=count)


def _models(readiness: BackendStatus) -> None:
    """Draw which model answers and why, and the servers there are."""
    if not readiness.is_ready:
        st.error(literal(f"{readiness.sentence} {readiness.hint}".strip()), icon=":material/error:")
    if readiness.model:
        why = f", because {readiness.reason}" if readiness.reason else ""
        st.markdown(f"**{literal(readiness.model)}** ({literal(readiness.provider or 'unknown')}){literal(why)}")
    may_change = may_change_servers(state.settings(), state.api_key())
    if readiness.is_demo:
        st.markdown(
            literal(demo_model.WHAT) if may_change else f"{literal(demo_model.ADVICE)}\n\n{demo_model.SETTINGS}"
        )
    if readiness.connections:
        _table(map(_server, readiness.connections), "Model servers")
    if may_change:
        servers()


def _server(server: ConnectionInfo) -> InForce:
    how = "ready" if server.ok else server.detail or "It does not answer."
    return InForce(server.name, " · ".join(filter(None, (server.provider, how))), server.reason or "connections.toml")


def _files() -> None:
    """Draw how conversations come in and go out, where the backend keeps any."""
    if state.view().listing.is_supported:
        import_box()
        export_box()
    else:
        st.caption("This backend keeps no conversations.")


def _table(lines: Iterable[InForce], name: str) -> None:
    rows = "".join(
        f'<tr><th scope="row">{escape(it.name)}</th><td>{escape(it.value)}</td><td>{escape(it.origin)}</td></tr>'
        for it in lines
    )
    st.html(f'<table class="in-force" aria-label="{escape(name)}">{rows}</table>')


def _duration(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    hours, rest = divmod(int(seconds), _HOUR_S)
    return f"{hours} h {rest // _MINUTE_S} min" if hours else f"{rest // _MINUTE_S} min"
