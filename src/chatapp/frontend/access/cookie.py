"""The cookie of those who stay signed in: no script reads it, no other site has it sent, and it is no key."""

from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from chatapp.config.settings import Settings
from chatapp.frontend.session.kept_sign_ins import KEPT_S, SignIn, kept_sign_ins

ORIGIN = "chatapp.origin"
"""Where in the scope the guard puts the origin that it has checked."""
_MOST_BYTES = 100


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name. Browsers tell hosts apart but not ports, so each page of a machine has its own."""
    return f"chatapp_sign_in_{settings.ui_port}"


def kept_sign_in(settings: Settings) -> SignIn | None:
    """Return the sign-in that the visitor's browser has kept."""
    cookie = st.context.cookies.get(cookie_name(settings))
    return kept_sign_ins().find(cookie) if cookie else None


def has_stale_cookie(settings: Settings) -> bool:
    """Return whether the visitor's browser holds a cookie that stands for nothing any more."""
    return cookie_name(settings) in st.context.cookies and kept_sign_in(settings) is None


async def keep(request: Request) -> Response:
    """Give the browser its cookie for the ticket in the body; for an empty body take away one that stands for nothing.

    A page knows the cookies that its tab came with, maybe hours ago; another tab may have signed in since.
    """
    origin = urlsplit(request.scope.get(ORIGIN) or "")
    ticket = await _body(request)
    if not origin.netloc or ticket is None:
        return Response(status_code=400)
    cookie = kept_sign_ins().redeem(ticket) if ticket else ""
    if cookie is None:
        return Response(status_code=400)
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    name = cookie_name(Settings.load())
    if not cookie and kept_sign_ins().find(request.cookies.get(name, "")) is not None:
        return response
    response.set_cookie(
        name,
        cookie,
        max_age=KEPT_S if cookie else 0,
        secure=origin.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


async def _body(request: Request) -> str | None:
    """Return the body, None where it is longer than a ticket or is none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    return body.decode() if body.isascii() else None
