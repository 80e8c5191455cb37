"""Google's Takeout as a web page, which it gives unless JSON is asked for: a cell for each activity, newest first."""

import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

from chatapp.backend.store.imported import moment
from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, VALUE_COST, ImportBudget
from chatapp.backend.transfer.importers.gemini import Activity, is_label
from chatapp.backend.transfer.importers.html_text import markdown_of
from chatapp.backend.transfer.importers.json_text import CHUNK, Readable, check_held
from chatapp.protocol.messages import AttachmentPart

CELL = '<div class="outer-cell'
_LABEL, _BODY = '<div class="content-cell', "mdl-typography--body-1"
_BREAK = re.compile(r"<br ?/?>")
_LINK = re.compile(r'<a href="([^"<>]*+)"[^<>]*+>([^<>]*+)</a>')
_LONGEST_TIME = 80
_CLOCK = re.compile(r"\b([0-9]{1,2})[:.]([0-9]{2})[:.]([0-9]{2})\b")
_NUMBER = re.compile(r"[0-9]++")
_OFFSET = re.compile(r"(?:GMT|UTC)([+\u2212-])([0-9]{1,2})(?::?([0-9]{2}))?")
_AFTERNOON = ("pm", "p.m", "p. m", "오후", "下午", "午後")
_MORNING = ("am", "a.m", "a. m", "오전", "上午", "午前")
_MONTHS = (
    "jan ene gen ian янв sty led ocak", "feb fev lut фев uno subat", "mar mrt мар bre", "apr abr avr kwi апр dub nis",
    "may mai maj mei mag мая kve", "jun juin giu cze июн haz", "jul juil lug lip июл tem", "aug ago aou sie авг agu",
    "sep set wrz сен zar eyl", "oct okt ott out paz окт rij eki", "nov lis ноя kas", "dec dez dic des gru дек pro ara",
)  # fmt: skip
"""How the names of the months begin, in the languages of the West, without accents."""

_ZONES = {
    -8: "PST", -7: "PDT MST", -6: "MDT CST", -5: "CDT EST", -4: "EDT", -3: "BRT ART", 0: "GMT UTC WET",
    1: "CET MEZ BST WEST", 2: "CEST MESZ EET SAST", 3: "EEST MSK TRT", 8: "SGT", 9: "JST KST", 10: "AEST", 11: "AEDT",
}  # fmt: skip


def activities(file: Readable, budget: ImportBudget) -> Iterator[Activity]:
    """Return the activities with Gemini on a page, in its order.

    Raises:
        StoppedError: the budget is used up.
        UnreadableError: there are too many; they have come before.
    """
    weight = 0
    for cell in _cells(file, budget):
        head, label, rest = cell.partition(_LABEL)
        if label and is_label(head):
            body = rest.partition(_BODY)[2].partition(">")[2].partition(_LABEL)[0]
            yield _activity(body)
            weight += len(body) + VALUE_COST
            check_held(weight)


def _cells(file: Readable, budget: ImportBudget) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    window = ""
    while chunk := file.read(CHUNK):
        budget.unpack(len(chunk))
        *whole, window = (window + decoder.decode(chunk)).split(CELL)
        yield from whole
        window = window if len(window) <= MAX_ELEMENT_CHARS else ""
    yield window


def _activity(body: str) -> Activity:
    """Return what a cell says: the question and its files, each on a line, then when that was, then the answer."""
    lines: list[str] = []
    at, when, created_at = 0, "", None
    for end in _BREAK.finditer(body):
        line = _words(body[at : end.start()]) if end.start() - at <= _LONGEST_TIME else ""
        if lines and (created_at := _moment(line)):
            when, at = line, end.end()
            break
        lines.append(body[at : end.start()])
        at = end.end()
    files = tuple(file for line in lines if (file := _file(line)))
    if files:
        first = next(number for number, line in enumerate(lines) if _file(line))
        lines = lines[: max(first - 1, 1)]  # above the first is how many there are
    answer = markdown_of(body[at:])
    title = "\n".join(map(_words, lines))
    return Activity(title, when or title, created_at, (answer,) if answer else (), files)


def _words(line: str) -> str:
    return html.unescape(line).strip("\r\n\t ").replace("\u202f", " ")


def _file(line: str) -> AttachmentPart | None:
    link = _LINK.search(line) if line.lstrip().startswith("-") else None
    return attachment(_words(link[2]), reference=beside(unquote(html.unescape(link[1])))) if link else None


def _moment(line: str) -> datetime | None:
    """Return the time that a line tells in the manner of any country, None where it tells none."""
    clock = _CLOCK.search(line)
    if not clock:
        return None
    date = f"{line[: clock.start()]} {line[clock.end() :]}"
    numbers = [int(number) for number in _NUMBER.findall(_OFFSET.sub("", date)) if len(number) in {1, 2, 4}]
    years = [place for place, number in enumerate(numbers) if number > 1900]  # noqa: PLR2004
    month = _month(date)
    if not years or len(numbers) < (2 if month else 3):
        return None
    others = [number for place, number in enumerate(numbers) if place != years[0]]
    day, month = (others[0], month) if month else (others[1], others[0]) if years[0] == 0 else (others[0], others[1])
    hour = int(clock[1]) % 12 + 12 if _says(date, _AFTERNOON) else int(clock[1]) % (12 if _says(date, _MORNING) else 24)
    with suppress(ValueError, OverflowError):
        there = datetime(numbers[years[0]], month, day, hour, int(clock[2]), int(clock[3]), tzinfo=_zone(date))
        return moment(there.astimezone(UTC).isoformat())
    return None


def _says(date: str, halves: tuple[str, ...]) -> bool:
    return any(half in date.lower() for half in halves)


def _month(date: str) -> int | None:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", date.lower()) if not unicodedata.combining(sign))
    words = [word for word in re.split(r"[^\w]++|[0-9]++", plain) if word]
    named = (
        number for word in words for number, names in enumerate(_MONTHS, 1) if word.startswith(tuple(names.split()))
    )
    return next(named, None)


def _zone(date: str) -> timezone:
    if told := _OFFSET.search(date):
        ahead = timedelta(hours=int(told[2]), minutes=int(told[3] or 0))
        return timezone(ahead if told[1] == "+" else -ahead)
    words = set(date.replace(".", " ").split())
    if "年" in date and "CST" in words:
        return timezone(timedelta(hours=8))
    return next((timezone(timedelta(hours=hours)) for hours, names in _ZONES.items() if words & {*names.split()}), UTC)
