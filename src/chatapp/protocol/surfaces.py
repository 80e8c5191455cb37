"""What a question comes in by: the page, the shell, or a program of somebody's own."""

from typing import Literal

import chatapp

Surface = Literal["api", "page", "shell", "v1"]

_PRODUCTS: dict[str, Surface] = {"chatapp-page": "page", "chatapp-shell": "shell"}


def user_agent(surface: Surface) -> str:
    """Return the `User-Agent` by which a backend tells `surface` from others."""
    return f"chatapp-{surface}/{chatapp.__version__}"


def surface_of(user_agent: str) -> Surface:
    """Return what a request came in by that has this `User-Agent`; anybody can send any, so it decides nothing."""
    return _PRODUCTS.get(user_agent.partition("/")[0], "api")
