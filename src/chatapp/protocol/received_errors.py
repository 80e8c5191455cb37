"""Errors read back from the JSON that `ChatappError.as_dict` made of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from chatapp.errors import BackendError, ChatappError, InternalError, UpstreamError
from chatapp.errors.upstream import BEGINNING

_AROUND = "sampling"
"""What is around the parameters of a conversation, which nobody gives there by this name."""


def _tree(root: type[ChatappError]) -> Iterator[type[ChatappError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


def failure_from_dict(body: Mapping[str, Any]) -> ChatappError:
    """Return the error with which an answer ended, one of ours where `error_from_dict` knows none."""
    return error_from_dict(body) or InternalError("The answer failed.")


def error_from_dict(body: Mapping[str, Any]) -> ChatappError | None:
    """Return the error that `ChatappError.as_dict` described, as its class, or None if `body` is no such object.

    A code that this version does not know gives a BackendError with its sentence. A backend written after the guide
    sends none, and says how the model failed.
    """
    code, detail = body.get("code"), body.get("detail")
    if code is None and isinstance(detail, str) and detail.startswith(BEGINNING):
        code = UpstreamError.code
    if not isinstance(code, str) or not isinstance(detail, str | list):
        return None
    kinds: list[type[ChatappError]] = [BackendError, *(kind for kind in _tree(ChatappError) if kind.code == code)]
    kind = kinds[-1]
    error = kind.__new__(kind)
    hint, retry_after, request_id = body.get("hint"), body.get("retry_after"), body.get("request_id")
    ChatappError.__init__(
        error,
        detail if isinstance(detail, str) else _sentence(detail),
        hint=hint if isinstance(hint, str) else None,
        retry_after=retry_after if isinstance(retry_after, int) else None,
    )
    error.request_id = request_id if isinstance(request_id, str) else None
    return error


def _sentence(faults: list[Any]) -> str:
    """Return FastAPI's list of validation errors as one sentence."""
    return f"The request is not valid: {'; '.join(_fault(fault) for fault in faults if isinstance(fault, dict))}."


def _fault(fault: dict[str, Any]) -> str:
    place = fault.get("loc")
    names = [name for name in place[1:] if name != _AROUND] if isinstance(place, list | tuple) else ()
    return f"{'.'.join(map(str, names)) or 'body'}: {fault.get('msg')}"
