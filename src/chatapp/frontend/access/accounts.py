"""Visitors who sign in with an account they have elsewhere, by OpenID Connect through Streamlit's own login.

The key in API_KEYS whose name is a person's verified e-mail address is theirs. So the backend knows one kind of owner,
the same person finds the same conversations in the shell, and an account alone opens nothing.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from chatapp.config.api_keys import parse_key_file, parse_keys
from chatapp.config.settings import Settings
from chatapp.protocol.wording import later


class LoginProvider(NamedTuple):
    """A provider of accounts: what Streamlit calls it, and what the page does."""

    provider: str | None
    name: str


def ways() -> list[LoginProvider]:
    """Return the providers that `.streamlit/secrets.toml` names; none without an `[auth]` section."""
    section = st.secrets.get("auth", {}) if st.secrets.load_if_toml_exists() else {}
    names = [name for name, table in section.items() if isinstance(table, Mapping) and "client_id" in table]
    unnamed = [LoginProvider(None, later("your account"))] if "client_id" in section else []
    return unnamed + [LoginProvider(name, name.title()) for name in names]


def is_signed_in() -> bool:
    """Return whether the visitor has signed in with an account."""
    return st.user.to_dict().get("is_logged_in") is True


def email() -> str | None:
    """Return the visitor's e-mail address if their provider has verified it, in small letters.

    Letters beyond ASCII are refused: some of them are the same as others once they are small.
    """
    claims = st.user.to_dict()
    address = claims.get("email")
    is_verified = is_signed_in() and claims.get("email_verified") in {True, "true"}
    return address.lower() if is_verified and isinstance(address, str) and address.isascii() else None


def person(settings: Settings, api_key: str | None) -> str | None:
    """Return who the visitor is, as far as the page knows: an e-mail address, or the name of a key in API_KEYS."""
    if is_signed_in():
        return email()
    if api_key is None or settings.api_keys is None:
        return None
    told = settings.api_keys.get_secret_value()
    digest = sha256(api_key.encode()).hexdigest()
    lines = _lines(Path(told))
    entries = parse_key_file(lines) if lines else parse_keys(told)
    return next((it.name for it in entries if it.key == api_key or it.key.lower() == digest), None)


def _lines(file: Path) -> str:
    """Return what a file of keys says, nothing where there is none."""
    try:
        return file.read_text(encoding="utf-8-sig") if file.is_file() else ""
    except (OSError, ValueError):
        return ""


def key(settings: Settings) -> str | None:
    """Return the key in API_KEYS that has the visitor's e-mail address for a name."""
    address = email()
    if address is None or "@" not in address or settings.api_keys is None:
        return None
    entries = parse_keys(settings.api_keys.get_secret_value())
    return next((entry.key for entry in entries if entry.name.lower() == address), "") or None
