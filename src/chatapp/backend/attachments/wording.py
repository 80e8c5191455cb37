"""What models get of attachments: text as part of the question, pictures and sound beside it, as far as they fit."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from chatapp.backend.attachments.choosing import Shown, shown_of
from chatapp.backend.attachments.media import AUDIO_FORMATS, MEDIA_TOKENS, audio_part, image_part
from chatapp.backend.attachments.passages import fitting_passages
from chatapp.backend.attachments.project_media import ChosenMedia
from chatapp.backend.attachments.project_wording import UNKNOWN_WINDOW_TOKENS, ProjectWording, share_of
from chatapp.backend.store import Attachments
from chatapp.documents import fenced
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import AttachmentPart, Message, Part, Role, TextPart
from chatapp.providers.modalities import MEDIUM_OF


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
        shown = shown_of(self._attachments, _files(messages), owner=owner)
        budget = _Budget(room, self._estimate, question, without)
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

    def _beside(self, chosen: ChosenMedia, asked: Message, budget: "_Budget", owner: str) -> Message:
        """Return the last question with pictures and sounds of the project in front of it."""
        found = shown_of(self._attachments, chosen.parts, owner=owner)
        shown = {id_: one._replace(text="") for id_, one in found.items()}  # its text goes along already
        along = self._worded(Message("user", chosen.parts), shown, budget, is_last=False).parts
        return replace(asked, parts=(*along, TextPart(chosen.line), *asked.parts)) if chosen.line else asked

    def _worded(self, message: Message, found: Mapping[str, Shown], budget: "_Budget", *, is_last: bool) -> Message:
        parts: list[Part] = []
        for part in _each_once(message.parts):
            if not isinstance(part, AttachmentPart) or part.content_id is None:
                parts.append(part)
            elif part.content_id in found:
                shown = found[part.content_id].of(part.pages)
                if shown.text or not shown.pages:
                    named = replace(part, name=part.title)
                    parts.append(self._of(named, shown, budget, is_last=is_last, role=message.role))
                parts += _pages(part, shown, budget, is_last=is_last, role=message.role)
            else:
                parts.append(TextPart(budget.missing(part.name)))
        return replace(message, parts=tuple(parts))

    def _of(self, part: AttachmentPart, shown: Shown, budget: "_Budget", *, is_last: bool, role: Role) -> Part:
        content = self._media(part, shown.picture)
        if content is None:
            return TextPart(budget.text_of(part.name, shown.text, is_last=is_last))
        if role != "user":  # no server takes them of another: an answer that was imported has drawn it
            return TextPart(f"(The file {part.name} is here.)\n\n")
        medium = MEDIUM_OF[content["type"]]
        if medium in budget.without and not is_last:
            return TextPart(budget.not_taken(part.name))
        if not budget.take(MEDIA_TOKENS) and not is_last:
            return TextPart(budget.left_out(part.name))
        budget.media[str(part.content_id)] = content
        return part

    def _media(self, part: AttachmentPart, picture: bytes | None) -> dict[str, Any] | None:
        """Return what is sent for a picture or a recording, None for words."""
        if picture is not None:
            return image_part(picture)
        if sound := AUDIO_FORMATS.get(part.media_type):
            # nothing is made smaller of it, so it is sent as it is kept
            return audio_part(self._attachments.pieces(str(part.content_id)), sound)
        return None


def _pages(part: AttachmentPart, shown: Shown, budget: "_Budget", *, is_last: bool, role: Role) -> list[Part]:
    """Return the pictures of pages without words, as far as there is room, behind a line that says which they are.

    Of a file that is nothing else, those of the last question stay whatever the model takes, as any picture does.
    """
    if not shown.pages:
        return []
    is_needed = is_last and not shown.text
    if role != "user" or ("images" in budget.without and not is_needed):
        return [TextPart(budget.not_taken(f"{part.name}, {_numbered(shown.pages)}"))]
    fitting = list(takewhile(lambda _: budget.take(MEDIA_TOKENS), shown.pages)) or list(shown.pages[: int(is_needed)])
    parts: list[Part] = []
    for number, picture in fitting:
        id_ = f"{part.content_id}#{number}"
        budget.media[id_] = image_part(picture)
        parts.append(AttachmentPart(part.name, "image/jpeg", content_id=id_))
    left_out = shown.pages[len(fitting) :]
    if left_out:
        parts.insert(0, TextPart(budget.left_out(f"{part.name}, {_numbered(left_out)}")))
    if fitting:
        parts.insert(0, TextPart(f"(Shown as pictures: {part.name}, {_numbered(fitting)}.)\n\n"))
    return parts


def _numbered(pages: Sequence[tuple[int, bytes]]) -> str:
    numbers = ", ".join(str(number) for number, _ in pages)
    return f"page{'s' if len(pages) > 1 else ''} {numbers}"


class _Budget:
    """How many tokens are left, None for any number, and what did not get any, or is not taken."""

    def __init__(
        self, room: int | None, estimate: Callable[[str], int], question: str, without: Collection[str] = ()
    ) -> None:
        self.media: dict[str, dict[str, Any]] = {}
        self.without = without
        self._not_taken: list[str] = []
        self._room, self._estimate, self._question = room, estimate, question
        self._cut: list[str] = []
        self._left_out: list[str] = []
        self._missing: list[str] = []

    def share(self, tokens: int | None) -> int:
        """Return what pictures and sounds of a project may take where the model reads `tokens`."""
        share = share_of(tokens or UNKNOWN_WINDOW_TOKENS)
        return share if self._room is None else max(min(self._room, share), 0)

    def take(self, tokens: int) -> bool:
        """Return whether there was room for as many tokens, which there is no longer."""
        if self._room is None:
            return True
        if tokens > self._room:
            return False
        self._room -= tokens
        return True

    def text_of(self, name: str, text: str, *, is_last: bool) -> str:
        """Return the words of a file as part of a message, or as much of them as there is room for."""
        tokens = self._estimate(text)
        if self.take(tokens):
            return _shown(name, text)
        if not is_last:
            return self.left_out(name)
        room, self._room = max(self._room or 0, 0), 0
        passages = fitting_passages(text, self._question, chars=len(text) * room // (tokens + tokens // 8))
        self._cut.append(name)
        return _shown(f"{name}, the parts that fit the question", passages)

    def left_out(self, name: str) -> str:
        """Return what stands in a message instead of a file, and note that it does."""
        self._left_out.append(name)
        return f"(The file {name} is left out here: there is no room for it.)\n\n"

    def not_taken(self, name: str) -> str:
        """Return what stands in a message instead of what the model does not take, and note that it does."""
        self._not_taken.append(name)
        return f"(The file {name} is left out here: you do not take it.)\n\n"

    def missing(self, name: str) -> str:
        """Return what stands in a message instead of a file that is not kept, and note that it does."""
        self._missing.append(name)
        return f"(The file {name} is not here.)\n\n"

    def notices(self) -> list[Notice]:
        """Return what the readers are to know."""
        told = []
        if self._cut:
            said = f"Of {_listed(self._cut)} the model reads only the parts that fit the question."
            told.append(Notice("attachment_cut", said))
        if self._left_out:
            said = f"Left out to fit the model's context: {_listed(reversed(self._left_out))}."
            told.append(Notice("attachment_left_out", said))
        if self._not_taken:
            said = f"Left out, as the model does not take them: {_listed(reversed(self._not_taken))}."
            told.append(Notice("attachment_left_out", said))
        if self._missing:
            said = f"Not kept here, so that the model does not see it: {_listed(reversed(self._missing))}."
            told.append(Notice("attachment_missing", said))
        return told


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


def _shown(name: str, text: str) -> str:
    return f"File: {name}\n{fenced(text)}\n\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
