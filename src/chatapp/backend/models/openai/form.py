"""What the body of a response is, by its first bytes: content types lie."""

from enum import Enum, auto

from chatapp.backend.models.transport.sdk import Response

_COMPRESSIONS = {"gzip", "x-gzip", "deflate", "br", "zstd"}
_FIELDS = (b"data:", b"event:", b":", b"id:", b"retry:")


class Form(Enum):
    """What a body may be."""

    EVENTS = auto()
    JSON = auto()
    PAGE = auto()
    OTHER = auto()
    UNDECIDED = auto()


def form_of(beginning: bytes) -> Form:
    """Return what a body is that begins so; `UNDECIDED` where more of it is needed."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_FIELDS):
        return Form.EVENTS
    if text.startswith((b"{", b"[")):
        return Form.JSON
    if text.startswith(b"<"):
        return Form.PAGE
    if any(field.startswith(text) for field in _FIELDS) and len(beginning) < 1024:  # noqa: PLR2004
        return Form.UNDECIDED
    return Form.OTHER


def media_type(response: Response) -> str:
    """Return what the response says it is, without parameters; nothing said is an event stream."""
    kind = response.headers.get("content-type", "text/event-stream")
    return kind.partition(";")[0].strip().lower()


def is_compressed(response: Response) -> bool:
    """Return whether the body is compressed, which it was asked not to be."""
    return response.headers.get("content-encoding", "").strip().lower() in _COMPRESSIONS
