"""Documents that are archives of XML: their members."""

import zlib
from collections.abc import Iterable
from posixpath import normpath
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

_OUTSIDE = "External"


def numbered(word: str, texts: Iterable[str]) -> str:
    """Return texts, each behind its number: `[slide 1]`."""
    return "\n\n".join(f"[{word} {number}]\n\n{text}".rstrip() for number, text in enumerate(texts, 1))


def xml_of(archive: ZipFile, member: str) -> ElementTree.Element:
    """Return a member that is XML."""
    return ElementTree.fromstring(archive.read(member))  # noqa: S314 - expat bounds entities, the process all else


def xml_beside(archive: ZipFile, member: str) -> ElementTree.Element:
    """Return a member without which the others can still be read, an empty one where it is damaged."""
    try:
        return xml_of(archive, member)
    except (ElementTree.ParseError, LookupError, ValueError, BadZipFile, zlib.error):
        return ElementTree.Element("none")


def related(archive: ZipFile, member: str) -> list[tuple[str, str, str]]:
    """Return the members of a document that one of them names: what it calls each, of which kind it is, and which."""
    folder = member.rpartition("/")[0]
    return [
        (it.get("Id", ""), it.get("Type", "").rpartition("/")[2], _from(folder, it.get("Target", "")))
        for it in _named(archive, member)
        if it.get("TargetMode") != _OUTSIDE
    ]


def addresses(archive: ZipFile, member: str) -> dict[str, str]:
    """Return what a member names outside its document, by what it calls that."""
    named = _named(archive, member)
    return {it.get("Id", ""): it.get("Target", "") for it in named if it.get("TargetMode") == _OUTSIDE}


def _named(archive: ZipFile, member: str) -> list[ElementTree.Element]:
    folder, _, name = member.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    return [*xml_beside(archive, relations)] if relations in archive.NameToInfo else []


def _from(folder: str, target: str) -> str:
    return normpath(target.lstrip("/") if target.startswith("/") else f"{folder}/{target}")
