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
from chatapp.frontend.components.prompts import prompts
from chatapp.frontend.components.servers import servers
from chatapp.frontend.components.sharing import links_box
from chatapp.frontend.components.told import remember_wishes
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.languages.language import languages
from chatapp.frontend.languages.words import said, t, words
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, own_backend, state
from chatapp.frontend.session.backend import BackendStatus, cost_of
from chatapp.frontend.session.wishes import MOST_INSTRUCTIONS
from chatapp.protocol.resources import ConnectionInfo
from chatapp.protocol.wording import later

_MINUTE_S, _HOUR_S = 60, 3600
_HERE = later("changed here")
_INSTRUCTIONS = later("What the model is told first in each chat that is begun in this browser, until changed there.")
_LOOKS = {"System": later("As the system"), "Light": later("Light"), "Dark": later("Dark")}
"""What `assets/sidebar.js` finds: which it is only the browser knows."""


class InForce(NamedTuple):
    """A line of what is in force: its name, its value, and what has set it."""

    name: str
    value: str
    origin: str = ""


def settings_dialog() -> None:
    """Draw the dialog."""
    _dialog(None)


def models_dialog() -> None:
    """Draw it where it is about models."""
    _dialog(t("Models"))


def _dialog(shown: str | None) -> None:
    st.dialog(t("Settings"), width="medium", icon=":material/settings:", on_dismiss=actions.close_dialog)(_settings)(
        shown
    )


def _settings(shown: str | None) -> None:
    readiness = own_backend.readiness()
    may_change = may_change_servers(state.settings(), state.api_key())
    names = [t("This page"), t("Models"), t("Conversations"), *([t("Prompts")] if may_change else [])]
    page, models, files, *of_prompts = st.tabs(names, default=shown)
    with page:
        _options()
        remember_wishes()
        _table((*_settings_in_force(), *_facts(state.view().conversation)), t("What is in force on this page"))
    with models:
        _models(readiness)
    with files:
        _files()
    for tab in of_prompts:
        with tab:
            prompts()


def _options() -> None:
    with st.container(key="options"):
        st.toggle(
            t("Stream answers"), key=state.STREAMING, help=t("Show words as the model says them, or all at once.")
        )
        st.number_input(
            t("Request timeout (seconds)"),
            min_value=1.0,
            max_value=3600.0,
            step=5.0,
            format="%g",
            key=state.TIMEOUT,
            help=t("How long to wait for the next word."),
        )
        st.html(_looks())
        if not state.is_for_several():
            st.text_area(
                t("Instructions for new chats"),
                max_chars=MOST_INSTRUCTIONS,
                key=state.INSTRUCTIONS,
                placeholder=t("For instance: answer in French, in one short paragraph."),
                help=t(_INSTRUCTIONS),
                on_change=actions.instruct_new,
            )
        if _language() != words().code:
            state.take_language()
            st.rerun()


def _looks() -> str:
    """Return the buttons for light and dark."""
    name = escape(t("Colours"))
    buttons = (
        f'<button type="button" data-look="{look}">{escape(t(shown))}</button>' for look, shown in _LOOKS.items()
    )
    return f'<div class="looks" role="group" aria-label="{name}"><span>{name}</span>{"".join(buttons)}</div>'


def _language() -> str:
    """Draw the languages there are, and return the code of the one that is to be shown."""
    there = languages()
    chosen = st.selectbox(
        t("Language"),
        ("", *there),
        format_func=lambda code: there[code].name if code else t("As the browser asks"),
        key=state.LANGUAGE,
    )
    return state.language_of(chosen)


def _settings_in_force() -> Iterable[InForce]:
    settings, timeout_s = state.settings(), state.timeout_s()
    yield InForce(t("Backend"), settings.backend_url, settings.origin("backend_url"))
    is_given = state.is_streamed() == settings.use_streaming
    yield InForce(
        t("Streaming"), t("on") if state.is_streamed() else t("off"), _origin("use_streaming", is_given=is_given)
    )
    is_given = timeout_s == settings.request_timeout
    yield InForce(
        t("Request timeout"), t("{seconds:g} s", seconds=timeout_s), _origin("request_timeout", is_given=is_given)
    )


def _origin(name: str, *, is_given: bool) -> str:
    return state.settings().origin(name) if is_given else t(_HERE)


def _facts(conversation: OpenConversation) -> Iterable[InForce]:
    yield InForce(t("Messages"), f"{len(conversation.messages)}{'+' if conversation.has_unloaded else ''}", t("loaded"))
    if cost := _cost(conversation):
        yield InForce(t("Cost"), t(cost), t("of this conversation"))
    yield InForce(t("Session"), _duration(state.duration_s()), state.session_id())
    yield InForce(t("Version"), __version__)


def _cost(conversation: OpenConversation) -> str | None:
    """Return what the conversation has cost so far, None while that is nothing."""
    if conversation.id is None or conversation.live is not None:
        return None
    url, count = state.settings().backend_url, len(conversation.messages)
    return cost_of(url, api_key=state.api_key(), conversation_id=conversation.id, messages=count)


def _models(readiness: BackendStatus) -> None:
    """Draw which model answers and why, and the servers there are."""
    if not readiness.is_ready:
        st.error(literal(said(readiness.sentence, readiness.hint)), icon=":material/error:")
    if readiness.model:
        why = t(", because {reason}", reason=said(readiness.reason)) if readiness.reason else ""
        st.markdown(f"**{literal(readiness.model)}** ({literal(readiness.provider or t('unknown'))}){literal(why)}")
    may_change = may_change_servers(state.settings(), state.api_key())
    if readiness.is_demo:
        st.markdown(
            literal(t(demo_model.WHAT))
            if may_change
            else f"{literal(t(demo_model.ADVICE))}\n\n{t(demo_model.SETTINGS)}"
        )
    if readiness.connections:
        _table(map(_server, readiness.connections), t("Model servers"))
    if may_change:
        servers()


def _server(server: ConnectionInfo) -> InForce:
    how = t("ready") if server.ok else said(server.detail) or t("It does not answer.")
    return InForce(
        server.name, " · ".join(filter(None, (server.provider, how))), said(server.reason or "connections.toml")
    )


def _files() -> None:
    """Draw how conversations come in and go out, where the backend keeps any."""
    if state.view().listing.is_supported:
        import_box()
        export_box()
        links_box()
    else:
        st.caption(t("This backend keeps no conversations."))


def _table(lines: Iterable[InForce], name: str) -> None:
    isolated = words().isolated
    rows = "".join(
        f'<tr><th scope="row">{escape(it.name)}</th>'
        f"<td>{escape(isolated(it.value))}</td><td>{escape(isolated(t(it.origin)))}</td></tr>"
        for it in lines
    )
    st.html(f'<table class="in-force" aria-label="{escape(name)}">{rows}</table>')


def _duration(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return t("{seconds:.0f} s", seconds=seconds)
    hours, rest = divmod(int(seconds), _HOUR_S)
    minutes = rest // _MINUTE_S
    return t("{hours} h {minutes} min", hours=hours, minutes=minutes) if hours else t("{minutes} min", minutes=minutes)
