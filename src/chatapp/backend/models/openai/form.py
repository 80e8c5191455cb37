"""What the body of a response is, by its first bytes: content types lie."""

from enum import Enum, auto

from chatapp.backend.models.transport.base import Response
from chatapp.errors import UpstreamBadResponseError

COMPLETION_TYPES = {"text/event-stream", "application/json"}
DONE = {b"[DONE]", b'"[DONE]"', b"[done]"}
"""How a stream says that it is over: as OpenAI does, and as some write it from memory."""
_COMPRESSIONS = {"gzip", "x-gzip", "deflate", "br", "zstd"}
_BLANKS = b" \t\n\v\f\r\x1e"
"""The last stands before each text of a JSON text sequence (RFC 7464)."""
_FIELDS = (b"data:", b"event:", b":", b"id:", b"retry:", b"error: {")


class Form(Enum):
    """What a body may be."""

    EVENTS = auto()
    JSON = auto()
    PAGE = auto()
    OTHER = auto()
    UNDECIDED = auto()


def form_of(beginning: bytes) -> Form:
    """Return what a body is that begins so; `UNDECIDED` where more of it is needed."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANKS)
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


def require_uncompressed(response: Response) -> None:
    """Refuse a body that is compressed.

    Raises:
        UpstreamBadResponseError: as it says.
    """
    if response.headers.get("content-encoding", "").strip().lower() in _COMPRESSIONS:
        raise UpstreamBadResponseError(
            "the answer came compressed, which it was asked not to be.", hint="Check what is in front of BASE_URL."
        )


async def beginning(response: Response, *, size: int) -> bytes:
    """Return the body of a response that nothing else bounds: all of it, or what came until it passed `size` bytes."""
    data = bytearray()
    while len(data) <= size and (part := await response.read()):
        data += part
    return bytes(data)


async def recognised(response: Response, head: bytes) -> tuple[Form, bytes]:
    """Return whether the body that begins with `head` is JSON or events, and the bytes that were read to find out.

    Where they do not tell, the response is believed, if it says that it is a completion.

    Raises:
        UpstreamBadResponseError: a web page, or something else that is no completion.
    """
    while (form := form_of(head)) is Form.UNDECIDED and (part := await response.read()):
        head += part
    if form is Form.EVENTS or form is Form.JSON:
        return form, head
    claimed = media_type(response)
    if form is Form.PAGE or claimed not in COMPLETION_TYPES:
        raise no_completion()
    return (Form.JSON if claimed == "application/json" else Form.EVENTS), head


def no_completion() -> UpstreamBadResponseError:
    """Return the error for an answer of something that is no model server."""
    return UpstreamBadResponseError(
        "the model server answered with something that is not a chat completion.", hint="Check BASE_URL."
    )
