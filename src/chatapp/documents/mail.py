"""E-mails as text: their heads, their words, and the mails that are forwarded in them."""

import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from typing import cast

from chatapp.documents.archives import numbered
from chatapp.documents.document import MOST_CHARS
from chatapp.documents.encodings import decoded
from chatapp.documents.kinds import FIRST_OF_MAIL
from chatapp.documents.plain import web_page

_OF_WORDS = {"text/plain", "text/html", "text/calendar", "text/enriched", "text/rfc822-headers"}
_BEGINNING = re.compile(rb"(?:\A|(?<=\n))" + FIRST_OF_MAIL)
_NAMELESS = "without a name"
_SHOWN = ("From", "To", "Cc", "Date", "Subject")


def mail(raw: bytes) -> tuple[str, list[str]]:
    """Return an e-mail's head and words, with those of mails in it, and the names of the files in it."""
    message = email.message_from_bytes(_with_readable_head(raw), policy=email.policy.default)
    return _letter(message)


def mailbox(raw: bytes) -> tuple[str, list[str]]:
    """Return the mails in a file of many, each behind its number, and the names of the files in them; all that fit."""
    told: list[str] = []
    files: list[str] = []
    size = 0
    for letter in _BEGINNING.split(raw)[1:]:
        words, beside = mail(letter.replace(b"\n>From ", b"\nFrom "))
        told.append(words)
        files += beside
        size += len(words)
        if size > MOST_CHARS:
            break
    return numbered("mail", told), files


def _with_readable_head(raw: bytes) -> bytes:
    """Return a mail whose head is in UTF-8, as it has to be, also where a program has written it in a code page."""
    head, gap, rest = raw.partition(b"\r\n\r\n" if b"\r\n" in raw[:1000] else b"\n\n")
    return raw if head.isascii() else b"".join([decoded(head).encode(), gap, rest])


def _letter(message: EmailMessage) -> tuple[str, list[str]]:
    head = [f"{name}: {message[name]}" for name in _SHOWN if message[name]]
    words, files = _said(message)
    return "\n".join([*head, "", words]), files


def _said(part: EmailMessage) -> tuple[str, list[str]]:
    """Return the words of a part of a mail, and the files in it."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        words, files = _letter(part.get_content())
        return f"Forwarded mail:\n{words}", files
    if kind == "message/delivery-status":
        return "\n".join(_fields(part)), []
    if part.is_multipart():
        return _of_several(part, kind)
    if kind not in _OF_WORDS or part.is_attachment() or part.get_filename():
        return "", [part.get_filename() or _NAMELESS]
    return _words(part, kind), []


def _of_several(part: EmailMessage, kind: str) -> tuple[str, list[str]]:
    parts = [_said(cast(EmailMessage, inner)) for inner in part.iter_parts()]
    if kind == "multipart/related":  # a page, and what it shows
        parts[1:] = [("", [name for name in files if name != _NAMELESS]) for _, files in parts[1:]]
    files = [name for _, held in parts for name in held]
    if kind == "multipart/alternative":  # the plainest comes first, and may be empty; the files come last
        words, beside = next((one for one in parts if one[0].strip()), ("", files))
        return words, beside or [name for name in files if name != _NAMELESS]
    return "\n\n".join(filter(None, (words for words, _ in parts))), files


def _fields(part: Message) -> Iterator[str]:
    """Return what a server tells of a mail that it could not deliver."""
    for block in part.get_payload():
        if isinstance(block, Message):
            yield from (f"{name}: {value}" for name, value in block.items())


def _words(part: EmailMessage, kind: str) -> str:
    charset = str(part.get_param("charset", ""))
    text = decoded(cast(bytes, part.get_payload(decode=True)), charset).replace("\r\n", "\n")
    return web_page(text) if kind == "text/html" else text.strip()
