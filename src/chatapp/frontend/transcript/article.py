"""One message as HTML: its words, what is known about it, and buttons that `assets/transcript/transcript.js` knows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import NamedTuple

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.moments import day_name, short_day
from chatapp.frontend.languages.elsewhere import said_elsewhere, sentence_elsewhere
from chatapp.frontend.languages.of_divisions import chosen_divisions
from chatapp.frontend.markdown.cost import beginning, is_drawable
from chatapp.frontend.transcript.html_cache import message_html
from chatapp.protocol.messages import CitationPart
from chatapp.protocol.resources import AttachmentInfo
from chatapp.protocol.usage_line import usage_parts
from chatapp.protocol.wording import ENGLISH, Words, later
from chatapp.rendering.markdown import plain

_COPYABLE_CHARS = 200_000
_LONG = later("This is very long ({count} characters), it goes on.")
_UNFORMATTED = later("This is very long ({count} characters), so it is not formatted.")
_FINISHES = {
    "length": later("Cut off at the length limit"),
    "content_filter": later("Cut off by the model's content filter"),
}


class Article(NamedTuple):
    """A message and how it is shown.

    `begins_day`: the date stands above it. `is_whole`: it is drawn however large it is. `words`: its reader's.
    `beside` are the answers that are to be chosen from, itself among them.
    """

    entry: DisplayMessage
    begins_day: bool = False
    is_last: bool = False
    is_whole: bool = False
    beside: tuple[DisplayMessage, ...] = ()
    words: Words = ENGLISH

    def html(self) -> str:
        """Return all of it."""
        if self.beside:
            return "".join((*_day(self), *_choice(self)))
        parts = _answer(self) if self.entry.is_answer else _question(self)
        return "".join((*_day(self), *parts))


def _day(shown: Article) -> Iterator[str]:
    if shown.begins_day:
        yield f'<p class="day">{day_name(shown.entry.day, shown.words)}</p>'


def _answer(shown: Article) -> Iterator[str]:
    entry, t = shown.entry, shown.words
    yield f'<article class="message answer" data-id="{escape(entry.id)}" {_label(t("Chat message from assistant"))}>'
    if entry.reasoning:
        thoughts = _markdown(entry.reasoning, t, is_whole=shown.is_whole)
        summary = f"<summary>{escape(_thought(entry, t))}</summary>"
        yield f'<details class="thoughts">{summary}<div class="said">{thoughts}</div></details>'
    if entry.content:
        yield f'<div class="said">{_markdown(entry.content, t, is_whole=shown.is_whole)}</div>'
    elif entry.status == "complete" and not entry.tools:
        yield f'<p class="note">{escape(t("The model said nothing."))}</p>'
    for step in entry.tools:
        text = f'<pre tabindex="0">{escape(step.text)}</pre>'
        yield f'<details class="step"><summary>{escape(t(step.title, tool=step.tool))}</summary>{text}</details>'
    yield from _citations(entry.citations, t)
    yield from _beside(shown)
    yield f'<div class="under"><span class="facts">{escape(_facts(entry, t))}</span>'
    if entry.content and len(entry.content) <= _COPYABLE_CHARS:
        name = _named(t("Copy the answer"))
        yield f'<button type="button" class="copy" {name} data-copy="{escape(entry.content)}"></button>'
    if entry.is_stored or shown.is_last:
        yield _button("regenerate", t("Another answer"))
    yield _more("quote text curl python" + (" fork" if entry.is_stored else ""), t)
    yield from _branches(entry, t)
    yield "</div></article>"
    if entry.summary:
        yield from _summary(entry.id, entry.summary, entry.summarised, t)
    elif entry.removed_summary:
        note = escape(t("The summary is removed: the messages go along again."))
        undo = f'<button type="button" class="offer" data-do="restore-summary">{escape(t("Undo"))}</button>'
        yield f'<div class="summary" data-id="{escape(entry.id)}"><p class="note">{note}</p>{undo}</div>'


def _thought(entry: DisplayMessage, t: Words) -> str:
    """Return what stands above the thoughts of an answer: how long they took, where that is known."""
    spent_ms = entry.usage.get("thinking_ms") if entry.usage else None
    return t("Thoughts") if spent_ms is None else t("Thought for {seconds} s", seconds=max(1, round(spent_ms / 1000)))


def _choice(shown: Article) -> Iterator[str]:
    """Return answers beside each other, each with a button to go on behind it."""
    t = shown.words
    yield f'<div class="beside" role="group" {_label(t("Answers to choose from"))}>'
    for entry in shown.beside:
        yield f'<div class="choice" data-id="{escape(entry.id)}"><p class="note">{escape(entry.model or "")}</p>'
        yield from _answer(Article(replace(entry, siblings=()), is_whole=shown.is_whole, words=t))
        if not entry.is_silent:
            yield f'<button type="button" class="offer" data-do="keep">{escape(t("Keep this one"))}</button>'
        yield "</div>"
    yield "</div>"


def _summary(message_id: str, text: str, count: int, t: Words) -> Iterator[str]:
    """Return the card of a summary, behind the last message that it stands for."""
    title = t("Summary of {count} earlier message", plural="Summary of {count} earlier messages", count=count)
    yield f'<div class="summary" data-id="{escape(message_id)}"><details><summary>{escape(title)}</summary>'
    yield f'<div class="said">{message_html(text)}</div><div class="under">'
    yield f'<span class="facts">{escape(t("The model reads it in their place."))}</span>'
    yield _button("edit-summary", t("Change the summary"), f' data-text="{escape(text)}"')
    yield _button("drop-summary", t("Remove it: the messages go along again"))
    yield "</div></details></div>"


def _citations(citations: Sequence[CitationPart], t: Words) -> Iterator[str]:
    """Return the pages that an answer goes by, numbered as it numbers them."""
    if citations:
        links = "".join(f"<li>{_citation(it)}</li>" for it in citations)
        yield f'<ol class="citations" {_label(t("Sources"))}>{links}</ol>'


def _citation(it: CitationPart) -> str:
    """Return a link to a page, or its name alone where a browser would run what its address says."""
    if not it.is_web:
        return escape(it.name)
    return f'<a href="{escape(it.url)}" target="_blank" rel="noopener noreferrer">{escape(it.name)}</a>'


def _beside(shown: Article) -> Iterator[str]:
    """Return what the reader was told beside an answer, and why it is not whole: below the last one a box says that."""
    for notice in shown.entry.notices:
        yield f'<p class="note">{escape(said_elsewhere(notice, shown.words))}</p>'
    if (error := shown.entry.error) is not None and not shown.is_last:
        yield f'<p class="note broken">{escape(sentence_elsewhere(error, shown.words))}</p>'


def _question(shown: Article) -> Iterator[str]:
    entry, t = shown.entry, shown.words
    yield f'<article class="message question" data-id="{escape(entry.id)}" {_label(t("Chat message from user"))}>'
    yield from ('<div class="bubble">', *_files(entry.files, t))
    text = entry.content if shown.is_whole else beginning(entry.content)
    yield plain(text)
    if text != entry.content:
        yield _offer(t(_LONG, count=len(entry.content)), t("Show all"))
    whole = f' data-text="{escape(entry.content)}"' if text != entry.content else ""
    yield f'</div><div class="under">{_button("edit", t("Edit and ask again"), whole)}'
    yield _more("quote text", t)
    yield from _branches(entry, t)
    yield "</div></article>"


def files_html(files: Sequence[AttachmentInfo], t: Words) -> str:
    """Return a list of the names and sizes of files."""
    return f'<ul class="files" {_label(t("Files"))}>{"".join(_file(file, t) for file in files)}</ul>'


def _file(file: AttachmentInfo, t: Words) -> str:
    """Return a file as what opens a look at it; of a picture `assets/transcript/pictures.js` draws a small copy."""
    facts = (chosen_divisions(file, t), file.shown_size)
    small = f'<img alt="" data-picture="{escape(file.id)}">' if file.is_picture else ""
    name = f"{escape(file.name)} <small>{t.figures(escape(' · '.join(map(t.isolated, filter(None, facts)))))}</small>"
    look = f'data-do="file" data-to="{escape(file.reference)}" title="{escape(t("Look at it"))}"'
    return f'<li><button type="button" class="file" {look}>{small}<span>{name}</span></button></li>'


def _files(files: tuple[AttachmentInfo, ...], t: Words) -> Iterator[str]:
    if files:
        yield files_html(files, t)
    for file in files:
        for note in file.notes:
            yield f'<p class="note">{escape(file.name)}: {escape(said_elsewhere(note, t))}</p>'


def _markdown(text: str, t: Words, *, is_whole: bool) -> str:
    """Return a text as Markdown, or its beginning with a button for that where it would stop the page."""
    if is_whole or is_drawable(text):
        return message_html(text)
    return plain(beginning(text)) + _offer(t(_UNFORMATTED, count=len(text)), t("Format it"))


def _offer(why: str, what: str) -> str:
    button = f'<button type="button" class="offer" data-do="draw">{escape(what)}</button>'
    return f'<p class="note">{escape(why)}</p>{button}'


def _branches(entry: DisplayMessage, t: Words) -> Iterator[str]:
    """Return the way to the alternatives of a message, where it has some."""
    ids = entry.siblings
    if len(ids) < 2 or entry.id not in ids:  # noqa: PLR2004 - itself and one more
        return
    place = ids.index(entry.id)
    yield '<span class="branches">'
    yield _arrow("older", t("Earlier version"), ids[place - 1] if place else None)
    yield f"<span>{place + 1} / {len(ids)}</span>"
    yield _arrow("newer", t("Later version"), ids[place + 1] if place + 1 < len(ids) else None)
    yield "</span>"


def _arrow(what: str, name: str, message_id: str | None) -> str:
    leads = "disabled" if message_id is None else f'data-to="{escape(message_id)}"'
    return _button(what, name, f" {leads}")


def _more(offers: str, t: Words) -> str:
    """Return the button behind which is what else can be done with a message."""
    return f'<button type="button" class="more" data-menu="{offers}" aria-haspopup="menu" {_named(t("More"))}></button>'


def _button(what: str, name: str, more: str = "") -> str:
    return f'<button type="button" class="{what}" data-do="{what}" {_named(name)}{more}></button>'


def _named(name: str) -> str:
    return f'title="{escape(name)}" {_label(name)}'


def _label(name: str) -> str:
    return f'aria-label="{escape(name)}"'


def _facts(entry: DisplayMessage, t: Words) -> str:
    """Return the line under an answer: how it ended if not well, its model, how long it took, when it was."""
    when = " ".join(filter(None, (entry.day and short_day(entry.day, t), entry.message["timestamp"])))
    if entry.model is None:
        return when
    end = entry.end or _FINISHES.get(entry.finish_reason or "")
    seconds = _seconds(entry.elapsed_s, t) if entry.elapsed_s is not None else None
    parts = (end and t(end), entry.model, seconds, *usage_parts(entry.usage, t), when)
    return " · ".join(t.isolated(part) for part in parts if part)


def _seconds(seconds: float, t: Words) -> str:
    return t("{seconds:.1f} s" if seconds < 10 else "{seconds:.0f} s", seconds=seconds)  # noqa: PLR2004 - two figures are enough
