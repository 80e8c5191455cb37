"""Gemini's activities out of Google's Takeout, in any language: what was asked, and the answers where it has some."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.fields import Json, is_address, objects, paragraphs, sequence, string, time
from chatapp.backend.transfer.importers.html_text import markdown_of
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.protocol.messages import AttachmentPart

SOURCE = "gemini"

GAP = timedelta(minutes=30)
"""Takeout names no conversation: after as long a silence a new one begins, as other readers of it have it."""

_VERBS = (
    "Prompted with: ", "Asked Gemini: ", "Asked Bard: ", "Prompted ", "Asked ", "Said ",
    "Eingegebener Prompt: ", "送信したメッセージ: ", "Gav instruktionen ",
)  # fmt: skip
"""What stands before a question. Those of other languages are learned from a file."""

_LONGEST_VERB = 40
_ENDS = (":", "\uff1a")
_ENOUGH = 5
"""Questions whose first words are a verb where all have them and no colon ends it."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity; `when` names it, and `title` says what it was: a verb and a question, or something else."""

    title: str
    when: str
    created_at: datetime | None
    answers: tuple[str, ...] = ()
    files: tuple[AttachmentPart, ...] = ()


@dataclass(slots=True)
class Gemini:
    """Gathers activities, and gives the conversations that they make."""

    activities: list[Activity] = field(default_factory=list)

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is an activity of theirs, and keep it."""
        labels = [string(fields.get("header")), *map(string, sequence(fields.get("products")))]
        if not isinstance(fields.get("title"), str) or not is_label(*labels):
            return False
        drafts = (markdown_of(string(item.get("html"))) for item in objects(fields.get("safeHtmlItem")))
        when, answers = string(fields.get("time")), tuple(draft for draft in drafts if draft)
        self.activities.append(Activity(fields["title"], when, time(when), answers, tuple(_files(fields))))
        return True

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what was asked and answered without a long silence, in the order of time."""
        verbs = (*_VERBS, *_learned(activity.title for activity in self.activities if activity.answers))
        run: list[ImportedMessage] = []
        oldest_first = self.activities[::-1]  # as Takeout has them, also where it tells no time
        told: Counter[str] = Counter()
        for activity in sorted(oldest_first, key=_moment):
            told[activity.when] += 1
            again = told[activity.when]  # of the same moment, or without one
            one = activity if again == 1 else replace(activity, when=f"{activity.when} {again}")
            messages = list(_messages(one, verbs))
            if run and messages and _moment(messages[0]) - _moment(run[-1]) > GAP.total_seconds():
                yield in_line(SOURCE, run[0].id, run)
                run = []
            run += messages
        if run:
            yield in_line(SOURCE, run[0].id, run)


def is_label(*labels: str) -> bool:
    """Return whether one of the labels of an activity is theirs: in each language they have the product's name."""
    return any("Gemini" in label or "Bard" in label for label in labels)


def _moment(it: Activity | ImportedMessage) -> float:
    return it.created_at.timestamp() if it.created_at else 0.0


def _learned(titles: Iterable[str]) -> Iterator[str]:
    """Return the verbs of a language of which none is known: how most of what was answered begins."""
    unknown = [title.replace("\xa0", " ") for title in titles if not _is_known(title)]
    heads = Counter(head for title in unknown if (head := _head(title)))
    head, count = heads.most_common(1)[0] if heads else ("", 0)
    if count > 1 and 2 * count > len(unknown):
        yield f"{head} "
    elif len(unknown) >= _ENOUGH:
        columns = zip(*(title.split(" ") for title in unknown), strict=False)
        verb = "".join(f"{words[0]} " for words in takewhile(lambda words: len(set(words)) == 1, columns))
        if 0 < len(verb) <= _LONGEST_VERB:
            yield verb


def _is_known(title: str) -> bool:
    return title.replace("\xa0", " ").startswith(_VERBS)


def _head(title: str) -> str:
    places = [place for end in _ENDS if (place := title.find(end, 0, _LONGEST_VERB)) > 0]
    return title[: min(places) + 1] if places else ""


def _asked(activity: Activity, verbs: tuple[str, ...]) -> str | None:
    """Return the words of a question, "" for one of files alone. Other activities, e.g. feedback, are none."""
    title = activity.title.strip()
    for verb in verbs:
        if f"{title} "[: len(verb)].replace("\xa0", " ") == verb:
            asked = title[len(verb) :].strip()
            return asked if asked or activity.files else None
    return title if title and activity.answers else None


def _messages(activity: Activity, verbs: tuple[str, ...]) -> Iterator[ImportedMessage]:
    """Return the question and its answers. Of an answer that was made again it has each, oldest first."""
    asked = _asked(activity, verbs)
    if asked is None:
        return
    question = ImportedMessage(
        id=f"{activity.when} asked",
        role="user",
        content=paragraphs(*map(placeholder, activity.files), asked),
        created_at=activity.created_at,
        attachments=activity.files,
    )
    yield question
    for number, answer in enumerate(activity.answers):
        again = f" {number + 1}" if number else ""
        yield ImportedMessage(
            id=f"{activity.when} answered{again}",
            parent_id=question.id,
            role="assistant",
            content=answer,
            created_at=activity.created_at,
        )


def _files(fields: Json) -> Iterator[AttachmentPart]:
    """Return the files of a question: Takeout lists them below it, under the names that they have beside it."""
    for told in objects(fields.get("subtitles")):
        shown, beside_it = string(told.get("name")), string(told.get("url"))
        if shown.startswith("-") and beside_it and not is_address(beside_it):
            yield attachment(shown.lstrip("- "), reference=beside(beside_it))
