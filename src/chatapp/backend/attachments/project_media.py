"""Which pictures and sounds of a project go along with a question: those that fit, named in it first."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from chatapp.backend.attachments.media import MEDIA_TOKENS
from chatapp.backend.attachments.passages import words_of
from chatapp.backend.store import ProjectFiles
from chatapp.backend.store.records import ProjectMedium
from chatapp.protocol.events import PROJECT_FILES, Notice
from chatapp.protocol.messages import AttachmentPart

_MOST_NAMED = 5
MOST_SHOWN = 20
"""As many as a question may show files."""


class ChosenMedia(NamedTuple):
    """What goes along, a line about it for the model, and what readers are to know of the rest."""

    parts: tuple[AttachmentPart, ...] = ()
    line: str = ""
    notices: tuple[Notice, ...] = ()


class ProjectMedia:
    """Chooses among the pictures and sounds of projects. Blocks: it reads the store."""

    def __init__(self, files: ProjectFiles) -> None:
        self._files = files

    def choose(
        self, project_id: str, question: str, *, tokens: int, without: Collection[str], besides: Collection[str]
    ) -> ChosenMedia:
        """Return what goes along with `question`, `tokens` of it at most.

        Nothing of what the model is `without`, "images" or "audio", and of `besides`, which goes along anyway.
        """
        there = [one for one in self._files.media(project_id) if one.id not in besides]
        taken = [one for one in there if one.medium not in without]
        chosen: list[ProjectMedium] = []
        for one in _by_question(taken, question):
            cost = MEDIA_TOKENS * one.pieces
            if cost <= tokens and len(chosen) < MOST_SHOWN:
                tokens -= cost
                chosen.append(one)
        left_out = [one for one in taken if one not in chosen]
        refused = [one for one in there if one not in taken]
        return ChosenMedia(
            tuple(one.part() for one in chosen),
            _line("Shown of the project's files", chosen)
            + _line("Files of the project that are left out here", [*left_out, *refused]),
            (
                *_notice("Left out to fit the model's context", left_out),
                *_notice("Left out, as the model does not take them", refused),
            ),
        )


def _by_question(media: list[ProjectMedium], question: str) -> list[ProjectMedium]:
    """Return them as they are, but those first whose names have the more words of the question."""
    asked = set(words_of(question))
    return sorted(media, key=lambda one: -len(asked.intersection(words_of(one.name.replace("_", " ")))))


def _line(what: str, media: list[ProjectMedium]) -> str:
    return f"({what}: {first_of([one.name for one in media])}.)\n\n" if media else ""


def _notice(what: str, media: list[ProjectMedium]) -> tuple[Notice, ...]:
    return (Notice(PROJECT_FILES, f"{what}: {first_of([one.name for one in media])}."),) if media else ()


def first_of(names: Sequence[str]) -> str:
    """Return the first of the names, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
