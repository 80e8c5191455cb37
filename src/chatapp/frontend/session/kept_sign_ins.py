"""Who stays signed in when the page is loaded again: a browser holds a random number, this process what it means.

So the cookie tells nothing of the key, signing out ends it everywhere at once, and nothing is written to disk; whoever
stops the page signs everybody out.
"""

import secrets
import threading
import time
from dataclasses import dataclass

import streamlit as st

KEPT_S = 30 * 24 * 60 * 60
"""How long somebody stays signed in, as long as the browser keeps the cookie that it is given once."""
TICKET_S = 60
"""How long a browser may take to fetch its cookie."""
_MOST = 10_000


@dataclass(slots=True, eq=False)
class SignIn:
    """One sign-in on one browser, shared by all its tabs."""

    key: str
    until: float
    is_over: bool = False


class KeptSignIns:
    """All of the process. A ticket is for the browser that has just signed in, and becomes a cookie once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: dict[str, SignIn] = {}
        self._kept: dict[str, SignIn] = {}

    def begin(self, key: str) -> tuple[str, SignIn]:
        """Return the ticket for a sign-in with `key`, and the sign-in."""
        ticket, sign_in = secrets.token_urlsafe(32), SignIn(key, time.monotonic() + TICKET_S)
        with self._lock:
            _tidy(self._tickets)
            self._tickets[ticket] = sign_in
        return ticket, sign_in

    def redeem(self, ticket: str) -> str | None:
        """Return the cookie for a ticket; None for one that is none, was used, or is late."""
        with self._lock:
            sign_in = self._tickets.pop(ticket, None)
            if sign_in is None or not _is_good(sign_in):
                return None
            _tidy(self._kept)
            cookie = secrets.token_urlsafe(32)
            self._kept[cookie] = sign_in
            sign_in.until = time.monotonic() + KEPT_S
            return cookie

    def find(self, cookie: str) -> SignIn | None:
        """Return the sign-in that a cookie stands for, None where it stands for none any more."""
        with self._lock:
            sign_in = self._kept.get(cookie)
            return sign_in if sign_in is not None and _is_good(sign_in) else None


def _is_good(sign_in: SignIn) -> bool:
    return not sign_in.is_over and time.monotonic() < sign_in.until


def _tidy(sign_ins: dict[str, SignIn]) -> None:
    """Drop what is over, and make room for one more."""
    for name in [name for name, sign_in in sign_ins.items() if not _is_good(sign_in)]:
        del sign_ins[name]
    while len(sign_ins) >= _MOST:
        del sign_ins[next(iter(sign_ins))]


@st.cache_resource(show_spinner=False)
def kept_sign_ins() -> KeptSignIns:
    """Return the sign-ins of this process."""
    return KeptSignIns()
