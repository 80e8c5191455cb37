"""The branches on show as one HTML page that loads nothing and runs nothing."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from html import escape

from chatapp.backend.store.records import StoredMessage
from chatapp.backend.transfer.exporters.exported import Exported, OwnedFiles, files_of
from chatapp.backend.transfer.exporters.markdown import notes_below, speaker, summary_title
from chatapp.protocol.messages import AttachmentPart
from chatapp.rendering.markdown import html_of, plain
from chatapp.rendering.style import SHEET

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; }
article { margin: 1.5rem 0; padding: 1rem 1.25rem; border-radius: .75rem; border: 1px solid #8884; }
article.user { background: #8881; }
article header { font-size: .85rem; opacity: .75; margin-bottom: .5rem; }
article > .said, details { overflow-wrap: anywhere; }
.plain { white-space: pre-wrap; }
pre { overflow-x: auto; padding: .75rem 1rem; border-radius: .5rem; background: #8882; overflow-wrap: normal; }
code { font-size: .9em; }
:not(pre) > code { background: #8882; padding: .1em .3em; border-radius: .25rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: start; overflow-wrap: normal; }
.right { text-align: right; }
img { display: block; max-width: 100%; max-height: 30rem; border-radius: .5rem; }
.center { text-align: center; }
.wide { min-width: 18ch; }
.footnotes { margin-top: 1em; border-top: 1px solid #8886; font-size: .9em; }
.footnotes li[dir] { list-style-position: inside; }
kbd { padding: .1em .35em; border: 1px solid #8886; border-radius: .25rem; font-size: .85em; }
pre, code { direction: ltr; unicode-bidi: isolate; }
blockquote { margin: 1em 0; padding-inline-start: 1em; border-inline-start: 3px solid #8886; }
.said details { padding: 0 1rem; border: 1px solid #8884; border-radius: .5rem; }
details.thinking, details.system { opacity: .75; margin-bottom: .75rem; }
details.conversation { border-top: 1px solid #8884; padding: .5rem 0; }
summary { cursor: pointer; }
details.conversation > summary > h2 { display: inline; font-size: 1.1rem; }
summary time { opacity: .6; font-size: .85rem; }
footer { font-style: italic; font-size: .85rem; margin-top: .5rem; }
@media print {
body { max-width: none; margin: 0; padding: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
table { display: table; }
details::details-content { content-visibility: visible; block-size: auto; }
:is(pre, img, tr, math, header, h1, h2, h3) { break-inside: avoid; }
:is(header, h1, h2, h3) { break-after: avoid; }
}
"""


def write(conversations: Iterable[Exported]) -> Iterator[bytes]:
    """Return the page of one conversation; every word in it that people or models wrote is escaped."""
    for one in conversations:
        title = one.conversation.title or "Conversation"
        yield _head(title)
        yield from _conversation(one)
    yield _END


def write_all(conversations: Iterable[Exported]) -> Iterator[bytes]:
    """Return the page of many conversations, each folded behind its title: so the page is its own table of contents."""
    yield _head("Conversations")
    for one in conversations:
        title = f'<h2 dir="auto">{escape(one.conversation.title or "Conversation")}</h2>'
        day = f"{one.conversation.updated_at:%Y-%m-%d}"
        yield f'<details class="conversation"><summary>{title} <time>{day}</time></summary>\n'.encode()
        yield from _conversation(one)
        yield b"</details>\n"
    yield _END


_END = b"</main>\n</body>\n</html>\n"


@cache
def _style() -> tuple[str, str]:
    """Return the style sheet and what names it to the browser, which is to apply no other."""
    style = _STYLE + SHEET
    return style, f"sha256-{b64encode(sha256(style.encode()).digest()).decode()}"


def _head(title: str) -> bytes:
    style, digest = _style()
    policy = f"default-src 'none'; style-src '{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1 dir="auto">{escape(title)}</h1>
""".encode()


def _conversation(one: Exported) -> Iterator[bytes]:
    if one.conversation.system:
        yield _folded("system", "System prompt", plain(one.conversation.system)).encode()
    for message in one.messages:
        for piece in _article(message, one.owned_files):
            yield f"{piece}\n".encode()


def _article(message: StoredMessage, owned_files: OwnedFiles) -> Iterator[str]:
    moment = f"{message.created_at:%Y-%m-%d %H:%M} UTC"
    yield f'<article class="{escape(message.role)}">'
    yield f"<header>{escape(speaker(message))} · {moment}</header>"
    if message.reasoning:
        yield _folded("thinking", "Thinking", html_of(message.reasoning))
    yield from _pictures(message, owned_files)
    if message.content:
        yield f'<div class="said">{html_of(message.content)}</div>'
    if message.summary:
        yield _folded("thinking", summary_title(message), html_of(message.summary))
    yield from (f"<footer>{escape(note)}</footer>" for note in notes_below(message))
    yield "</article>\n"


def _pictures(message: StoredMessage, owned_files: OwnedFiles) -> Iterator[str]:
    """Return each picture of a message once, read when it is its turn: what was imported may show one for ever."""
    for file in {file.content_id: file for file in files_of(message)}.values():
        yield from (_picture(file, picture) for picture in owned_files.pictures([file]).values())


def _picture(file: AttachmentPart, picture: bytes) -> str:
    """Return a picture in the page itself, which loads nothing."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f'<img alt="{escape(file.name)}" src="data:image/{kind};base64,{b64encode(picture).decode()}">'


def _folded(kind: str, summary: str, inside: str) -> str:
    return f'<details class="{kind}"><summary>{summary}</summary>\n{inside}</details>\n'
