"""Files that people export: a zip of JSON files, one JSON file, or a database. What is in them, one piece at a time."""

import zipfile
from collections.abc import Container, Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import msgspec

from chatapp.backend.store.imported import ImportedConversation, Unreadable
from chatapp.backend.transfer.importers import chatgpt, claude, llm_logs, open_webui, ours
from chatapp.errors import InvalidRequestError

MAX_UNPACKED_BYTES = 1024**3
"""Of one file in a zip. ChatGPT cuts its exports into files of some 10 MB."""

SOURCES = (chatgpt, claude, open_webui, ours)
KNOWN = "ChatGPT, Claude, Open WebUI, llm (logs.db) and chatapp itself"

Piece = ImportedConversation | Unreadable


def read_file(path: Path) -> Iterator[Piece]:
    """Return what is in an export, in the order of the file, may be empty.

    Raises:
        InvalidRequestError: it is no export that we know.
    """
    with path.open("rb") as file:
        magic = file.read(len(llm_logs.MAGIC))
    if magic == llm_logs.MAGIC:
        return llm_logs.read(path)
    if zipfile.is_zipfile(path):
        return _unzipped(path)
    return _conversations("the file", path.read_bytes(), is_alone=True)


def _unzipped(path: Path) -> Iterator[Piece]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _may_hold_conversations(member.filename)]
        if not members:
            raise _not_known()
        for member in sorted(members, key=lambda member: member.filename):
            yield from _member(archive, member)


def _may_hold_conversations(name: str) -> bool:
    return fnmatch(name.rpartition("/")[2].lower(), "*conversations*.json") or fnmatch(
        name.lower(), "*chat-export*.json"
    )


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Piece]:
    if member.file_size > MAX_UNPACKED_BYTES:
        yield Unreadable(member.filename, f"it is larger than {MAX_UNPACKED_BYTES} bytes")
        return
    try:
        content = archive.read(member)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        yield Unreadable(member.filename, "it is damaged or locked")
        return
    yield from _conversations(member.filename, content)


def _conversations(name: str, content: bytes, *, is_alone: bool = False) -> Iterator[Piece]:
    """Return the conversations of one JSON file, each decoded when it is its turn: exports are large."""
    try:
        items = _items(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError):
        if is_alone:
            raise _not_known() from None
        yield Unreadable(name, "it is no export that we know")
        return
    for number, item in enumerate(items, 1):
        yield _piece(f"{name}, number {number}", item)


def _items(content: bytes) -> list[msgspec.Raw]:
    """Return the list that the file is, or holds, or the one conversation that it is."""
    raw = msgspec.json.decode(content, type=msgspec.Raw)
    if bytes(raw).lstrip()[:1] == b"[":
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    named = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    if "conversations" in named:
        return msgspec.json.decode(named["conversations"], type=list[msgspec.Raw])
    if _source_of(named) is None:
        raise msgspec.DecodeError("neither conversations nor one of them")
    return [raw]


def _piece(what: str, raw: msgspec.Raw) -> Piece:
    try:
        names = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        source = _source_of(names)
        return source.read(raw) if source else Unreadable(what, "it is no conversation that we know")
    except (msgspec.DecodeError, RecursionError) as error:
        return Unreadable(what, f"it cannot be read ({error})")


def _source_of(names: Container[str]) -> ModuleType | None:
    return next((source for source in SOURCES if source.SIGNATURE in names), None)


def _not_known() -> InvalidRequestError:
    return InvalidRequestError("The file is no export that can be read.", hint=f"Known are those of {KNOWN}.")
