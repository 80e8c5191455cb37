"""What is no text in a message: a line in its place, and what is known of the file."""

from typing import Any

from chatapp.backend.transfer.importers.fields import count, string
from chatapp.protocol.messages import AttachmentPart

_KINDS = {"image": "picture", "audio": "recording", "video": "recording"}
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".svg", ".bmp")
_RECORDINGS = (".mp3", ".wav", ".m4a", ".ogg", ".webm", ".mp4", ".mov")

MAX_NAME_CHARS = 200


def attachment(
    file_name: object = None, media_type: object = None, size: object = None, reference: str | None = None
) -> AttachmentPart:
    """Return what is known of a file. One without a name is called by its kind.

    `reference` is where its bytes are, as `assets` understands it.
    """
    kind = string(media_type)[:MAX_NAME_CHARS] or "application/octet-stream"
    name = " ".join(string(file_name)[:MAX_NAME_CHARS].split())
    return AttachmentPart(name or _kind(kind, ""), kind, count(size), content_id=reference)


def picture(file_name: object = None, **known: Any) -> AttachmentPart:
    """Return what is known of a picture."""
    return attachment(file_name, known.pop("media_type", None) or "image/*", **known)


def recording(file_name: object = None, **known: Any) -> AttachmentPart:
    """Return what is known of a recording."""
    return attachment(file_name, known.pop("media_type", None) or "audio/*", **known)


def placeholder(part: AttachmentPart) -> str:
    """Return the line that stands for a file, e.g. `(picture: cat.png)`."""
    kind = _kind(part.media_type, part.name)
    return f"({kind})" if part.name == kind else f"({kind}: {part.name})"


def _kind(media_type: str, file_name: str) -> str:
    kind = _KINDS.get(media_type.partition("/")[0])
    if kind is not None:
        return kind
    if file_name.lower().endswith(_PICTURES):
        return "picture"
    return "recording" if file_name.lower().endswith(_RECORDINGS) else "file"
