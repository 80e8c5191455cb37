"""What a model server has said of the models it has."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec

from chatapp.backend.models.openai.errors import error_from_body, says_nothing_is_there
from chatapp.errors import UpstreamBadResponseError
from chatapp.providers.context_windows import windows_in
from chatapp.providers.listing import can_chat, names_in
from chatapp.providers.modalities import Modalities, modalities_in

MAX_LISTING_BYTES = 4 * 1024 * 1024
"""More than any vendor's; OpenRouter's has a tenth of it."""

_AT_ONCE_BYTES = 64 * 1024
"""What is read in a millisecond. More is for a thread."""


@dataclass(frozen=True, slots=True)
class ListedModels:
    """The models a server lists that can chat, their windows, and what they take beside text.

    `note`: why there is no list, though it answers.
    """

    names: list[str] = field(default_factory=list)
    windows: dict[str, int] = field(default_factory=dict)
    modalities: dict[str, Modalities] = field(default_factory=dict)
    note: str | None = None

    def window(self, model: str) -> int | None:
        """Return the tokens that `model` can read; a server with one model may have it by any name."""
        if model in self.windows or len(self.names) != 1:
            return self.windows.get(model) or self.windows.get(f"{model}:latest")
        return self.windows.get(self.names[0])


NOT_LISTED = ListedModels(note="The model server does not list its models.")
TOO_LONG = ListedModels(note="The model server's list of models is too long to be read.")


async def read_listing(parts: AsyncIterator[bytes], encoding: str) -> ListedModels:
    """Return what the body of a listing says, however large it claims to be.

    Raises:
        UpstreamBadResponseError: it is no JSON, or in a compression that was not asked for.
        UpstreamError: it says why there is no list.
    """
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > MAX_LISTING_BYTES:
            return TOO_LONG
    if not body:  # mlx-lm, where nothing is in the cache of Hugging Face
        return NOT_LISTED
    if len(body) > _AT_ONCE_BYTES or encoding:
        return await asyncio.to_thread(_listed, bytes(body), encoding)
    return _listed(bytes(body), encoding)


def _listed(body: bytes, encoding: str) -> ListedModels:
    try:
        body = _unpacked(body, encoding)
        if len(body) > MAX_LISTING_BYTES:
            return TOO_LONG
        listing = _decoded(body.removeprefix(b"\xef\xbb\xbf"))
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UpstreamBadResponseError(
            "the model server answered with something that is no list of models.", hint="Check BASE_URL."
        ) from error
    names = names_in(listing)
    if not names and isinstance(listing, dict) and listing.get("error"):
        if says_nothing_is_there(listing):
            return NOT_LISTED
        raise error_from_body(listing)
    return ListedModels(list(filter(can_chat, names)), windows_in(listing), modalities_in(listing))


def _decoded(body: bytes) -> object:
    """Return what JSON says, or a list of what it says on each line."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        if b"}\n{" not in body:
            raise
        return [msgspec.json.decode(line) for line in body.splitlines() if line.strip()]


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Return the body as it was before it was compressed, of a bomb no more than is needed to see that it is one."""
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise ValueError("another compression")
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, MAX_LISTING_BYTES + 1)
