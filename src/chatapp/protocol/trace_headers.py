"""Headers of what a request makes us ask of others, by which their spans become part of its trace."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar

GiveHeaders = Callable[[], Mapping[str, str]]
"""Returns the headers for what is asked now."""

_NONE: Mapping[str, str] = {}
_GIVE: ContextVar[GiveHeaders | None] = ContextVar("give_trace_headers", default=None)


def trace_headers() -> Mapping[str, str]:
    """Return what goes along with a question that the current request leads to; nothing where nobody traces it."""
    give = _GIVE.get()
    return give() if give else _NONE


def send_trace_headers(give: GiveHeaders) -> None:
    """Let what the current request asks from now on go with what `give` returns, its tasks' questions too."""
    _GIVE.set(give)
