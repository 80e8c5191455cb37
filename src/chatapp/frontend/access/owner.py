"""Whoever runs this chat: who may change its model servers on the page, and see what all have used."""

from collections.abc import Mapping

import streamlit as st

from chatapp.config.settings import Settings
from chatapp.frontend.access.accounts import person
from chatapp.hosts import is_loopback, url_parts

_OF_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


def may_change_servers(settings: Settings, api_key: str | None, *, headers: Mapping[str, str] | None = None) -> bool:
    """Return whether the visitor may write keys of model servers.

    The backend must be on this machine, as it is its file that is written. With API_KEYS it takes a key of ADMIN_KEYS;
    without, a browser on this machine, with no proxy between that would let in others. `headers` are those that the
    visit came with.
    """
    backend = url_parts(settings.backend_url)
    if backend is None or not is_loopback(backend.hostname or ""):
        return False
    if settings.api_keys is not None:
        return person(settings, api_key) in settings.admin_keys
    came_with = st.context.headers if headers is None else headers
    is_passed_on = any(name in came_with for name in _OF_PROXIES)
    return is_loopback(settings.host.strip("[]")) and not settings.allowed_hosts and not is_passed_on


def may_see_all(settings: Settings, api_key: str | None) -> bool:
    """Return whether the visitor may see what every key has used; where the page does not know, the backend says."""
    if settings.api_keys is None or not settings.admin_keys:
        return settings.api_keys is not None or bool(api_key)
    return person(settings, api_key) in settings.admin_keys
