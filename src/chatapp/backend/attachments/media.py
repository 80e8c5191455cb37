"""Pictures and sound as an OpenAI-compatible server takes them."""

import base64
from typing import Any

MEDIA_TOKENS = 1200
"""What a picture takes, about; vendors differ between 85 and 1,600."""

AUDIO_FORMATS = {"audio/mpeg": "mp3", "audio/wav": "wav"}
"""What models hear, in the words of the API."""


def media_type_of(picture: bytes) -> str:
    """Return which of the two formats that pictures are kept in this one has."""
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


def image_part(picture: bytes) -> dict[str, Any]:
    """Return a picture as part of a message."""
    url = f"data:{media_type_of(picture)};base64,{base64.b64encode(picture).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def audio_part(recording: bytes, sound: str) -> dict[str, Any]:
    """Return a recording as part of a message; `sound` is one of the values of `AUDIO_FORMATS`."""
    data = base64.b64encode(recording).decode()
    return {"type": "input_audio", "input_audio": {"data": data, "format": sound}}
