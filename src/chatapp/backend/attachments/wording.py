"""What models get of attachments: text as part of the question, pictures and sound beside it, as far as they fit."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chatapp.backend.attachments.budget import FileBudget
from chatapp.backend.attachments.choosing import Shown, ShownFiles, numbered
from chatapp.backend.attachments.media import AUDIO_FORMATS, audio_part, image_part
from chatapp.backend.attachments.project_media import ChosenMedia
from chatapp.backend.attachments.project_wording import ProjectWording
from chatapp.backend.store import Attachments
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import AttachmentPart, Message, Part, Role, TextPart

MOST_OF_MESSAGE = 100
"""Files of one message that are named each; a question has 20 at most, but one that was imported any number."""


@dataclass(frozen=True, slots=True)
class Worded:
    """Messages without attachments but those in `media`: what an OpenAI-compatible server is sent for each, by id."""

    messages: list[Message]
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


class AttachmentWording:
    """Words attachments for models. Blocks: it reads the store."""

    def __init__(
        self, attachments: Attachments, *, estimate: Callable[[str], int], projects: ProjectWording | None = None
    ) -> None:
        self._attachments, self._estimate, self._projects = attachments, estimate, projects

    def word(
        self,
        messages: list[Message],
        *,
        owner: str,
        tokens: int | None,
        without: Collection[str] = (),
        project_id: str | None = None,
    ) -> Worded:
        """Return `messages` with what models can read of their attachments, at most `tokens` in all.

        The files of the last question go first, then the newest. One that does not fit is named in its place, and of
        the last question's it is the parts that fit the question best. Of earlier questions, what the model is
        `without`, "images" or "audio", is named in its place. A notice tells of all three. Before all of them goes the
        text of the files of the project `project_id`, or what of it fits the question; its pictures and sounds go
        behind the files of the last question.
        """
        told: list[Notice] = []
        question = messages[-1].text if messages else ""
        if project_id is not None and self._projects is not None:
            messages, told = self._projects.word(messages, project_id, owner=owner, tokens=tokens)
        ids = {part.content_id for part in _files(messages) if part.content_id}
        room = None if tokens is None else tokens - sum(self._estimate(message.text) for message in messages)
        shown = ShownFiles(self._attachments, _files(reversed(messages)), owner=owner)
        budget = FileBudget(room, self._estimate, question, without)
        worded = []
        for message in reversed(messages):
            is_last = message is messages[-1]
            worded.append(self._worded(message, shown, budget, is_last=is_last))
            if is_last and project_id is not None and self._projects is not None:
                room_of_it = budget.share(tokens)
                chosen = self._projects.media.choose(
                    project_id, question, tokens=room_of_it, without=without, besides=ids
                )
                worded[-1] = self._beside(chosen, worded[-1], budget, owner)
                told += chosen.notices
        return Worded(worded[::-1], budget.media, [*told, *budget.notices()])

    def _beside(self, chosen: ChosenMedia, asked: Message, budget: FileBudget, owner: str) -> Message:
        """Return the last question with pictures and sounds of the project in front of it."""
        shown = ShownFiles(self._attachments, chosen.parts, owner=owner, has_text=False)  # which goes along already
        along = self._worded(Message("user", chosen.parts), shown, budget, is_last=False).parts
        return replace(asked, parts=(*along, TextPart(chosen.line), *asked.parts)) if chosen.line else asked

    def _worded(self, message: Message, shown: ShownFiles, budget: FileBudget, *, is_last: bool) -> Message:
        parts: list[Part] = []
        files = 0
        for part in _each_once(message.parts):
            if not isinstance(part, AttachmentPart) or part.content_id is None:
                parts.append(part)
                continue
            files += 1
            if files <= MOST_OF_MESSAGE:
                parts += self._file(part, shown, budget, is_last=is_last, role=message.role)
        if files > MOST_OF_MESSAGE:
            parts.insert(0, TextPart(budget.more_left_out(files - MOST_OF_MESSAGE)))
        return replace(message, parts=tuple(parts))

    def _file(
        self, part: AttachmentPart, files: ShownFiles, budget: FileBudget, *, is_last: bool, role: Role
    ) -> Iterator[Part]:
        """Return what stands in a message for one of its files."""
        budget.looks_left -= 1
        if budget.looks_left < 0:
            yield TextPart(budget.left_out(part.title))
            return
        found = files.of(part)
        if found is None:
            yield TextPart(budget.missing(part.name))
            return
        shown = found.of(part.pages)
        if shown.text or not shown.pages:
            yield self._whole(replace(part, name=part.title), shown, budget, is_last=is_last, role=role)
        yield from _pages(part, shown, budget, is_last=is_last, role=role)
        if "images" not in budget.without and (undrawn := found.undrawn(part.pages)):
            yield TextPart(budget.wordless(f"{part.name}, {numbered(undrawn)}"))

    def _whole(self, part: AttachmentPart, shown: Shown, budget: FileBudget, *, is_last: bool, role: Role) -> Part:
        """Return the words of a file, or the picture or the recording that it is."""
        sound = AUDIO_FORMATS.get(part.media_type)
        if shown.picture is None and sound is None:
            return TextPart(budget.text_of(part.name, shown.text, is_last=is_last))
        if role != "user":  # no server takes them of another: an answer that was imported has drawn it
            return TextPart(f"(The file {part.name} is here.)\n\n")
        if ("audio" if shown.picture is None else "images") in budget.without and not is_last:
            return TextPart(budget.not_taken(part.name))
        if not budget.has_room_for_media:
            return TextPart(budget.left_out(part.name))
        # nothing is made smaller of a recording, so it is sent as it is kept
        data = shown.picture or b"".join(self._attachments.pieces(str(part.content_id)))
        if not budget.take_medium(len(data), is_needed=is_last):
            return TextPart(budget.left_out(part.name))
        budget.media[str(part.content_id)] = audio_part(data, sound) if sound else image_part(data)
        return part


def _pages(part: AttachmentPart, shown: Shown, budget: FileBudget, *, is_last: bool, role: Role) -> list[Part]:
    """Return the pictures of pages without words, as far as there is room, behind a line that says which they are.

    Of a file that is nothing else, the first of the last question stays whatever the model takes, as any picture does.
    """
    if not shown.pages:
        return []
    is_needed = is_last and not shown.text
    if role != "user" or ("images" in budget.without and not is_needed):
        return [TextPart(budget.not_taken(f"{part.name}, {_numbers(shown.pages)}"))]
    fitting: list[tuple[int, bytes]] = []
    for page in shown.pages:
        if not budget.take_medium(len(page[1]), is_needed=is_needed and not fitting):
            break
        fitting.append(page)
    parts: list[Part] = []
    for number, picture in fitting:
        id_ = f"{part.content_id}#{number}"
        budget.media[id_] = image_part(picture)
        parts.append(AttachmentPart(part.name, "image/jpeg", content_id=id_))
    left_out = shown.pages[len(fitting) :]
    if left_out:
        parts.insert(0, TextPart(budget.left_out(f"{part.name}, {_numbers(left_out)}")))
    if fitting:
        parts.insert(0, TextPart(f"(Shown as pictures: {part.name}, {_numbers(fitting)}.)\n\n"))
    return parts


def _numbers(pages: Sequence[tuple[int, bytes]]) -> str:
    return numbered([number for number, _ in pages])


def _files(messages: Iterable[Message]) -> list[AttachmentPart]:
    return [part for message in messages for part in message.parts if isinstance(part, AttachmentPart)]


def _each_once(parts: Iterable[Part]) -> Iterator[Part]:
    """Return parts of a message without repeated files: one that was imported may name a picture thousands of times."""
    seen: set[tuple[str, str | None]] = set()
    for part in parts:
        if isinstance(part, AttachmentPart) and part.content_id is not None:
            if (part.content_id, part.pages) in seen:
                continue
            seen.add((part.content_id, part.pages))
        yield part
