"""What models get of a project's files: all of them while they fit, else the parts that fit the question."""

from collections.abc import Callable
from dataclasses import replace

from chatapp.backend.attachments.passages import GAP, fitting_passages, ranked, words_of
from chatapp.backend.attachments.project_media import ProjectMedia, first_of
from chatapp.backend.store import Attachments, ProjectFiles
from chatapp.backend.store.project_search import Passage
from chatapp.documents import fenced
from chatapp.protocol.events import PROJECT_FILES, Notice
from chatapp.protocol.messages import Message, TextPart

UNKNOWN_WINDOW_TOKENS = 16_000
"""What files may take where nobody knows how much the model reads."""

MOST_PARTS_TOKENS = 24_000
"""What parts of files take at most: they go along anew with each question, and are paid for."""

_SHARE = 4
"""Of the window, one part in as many is theirs whatever else there is."""


class ProjectWording:
    """Words the files of projects for models; `media` chooses what is no text. Blocks: it reads the store."""

    def __init__(self, files: ProjectFiles, attachments: Attachments, *, estimate: Callable[[str], int]) -> None:
        self.media = ProjectMedia(files)
        self._files, self._attachments, self._estimate = files, attachments, estimate

    def word(
        self, messages: list[Message], project_id: str, *, owner: str, tokens: int | None
    ) -> tuple[list[Message], list[Notice]]:
        """Return `messages` with the project's files in them, and what readers are to know.

        All of them stand in the system prompt, where they are the same with each question; parts before the question.
        """
        amount = self._files.amount(project_id)
        said = sum(self._estimate(message.text) for message in messages)
        window = tokens or UNKNOWN_WINDOW_TOKENS
        room = max(window - said, window // _SHARE)
        if messages[-1].has_files:
            room //= 2
        if not amount.files:
            return messages, []
        if amount.tokens <= room:
            return _behind_system(messages, self._whole(project_id, owner)), []
        question = messages[-1].text
        parts = self._parts(project_id, owner, question, tokens=min(room, share_of(window)))
        asked = replace(messages[-1], parts=(*(TextPart(text) for _, text in parts), *messages[-1].parts))
        names = list(dict.fromkeys(name for name, _ in parts))
        return [*messages[:-1], asked], [_notice(amount.files, names)]

    def _whole(self, project_id: str, owner: str) -> str:
        files = self._files.all(project_id, owner=owner)
        texts = self._attachments.for_models([file.id for file in files], owner=owner)
        named = [(file.name, texts[file.id][0]) for file in files if file.id in texts]
        return "\n\n".join(_shown(name, text) for name, text in named if text.strip())

    def _parts(self, project_id: str, owner: str, question: str, *, tokens: int) -> list[tuple[str, str]]:
        """Return what goes along of each file, with its name, which others may have too."""
        words = words_of(question)
        found = self._files.find(project_id, words)
        places = ranked([passage.text for passage in found], words) or range(len(found))
        chosen: list[Passage] = []
        left = tokens
        for place in places:
            size = self._estimate(found[place].text)
            if size <= left:
                left -= size
                chosen.append(found[place])
        if found and not chosen:
            chosen = [self._cut(found[places[0]], question, tokens=tokens)]
        by_file: dict[str, list[Passage]] = {}
        for passage in chosen:
            by_file.setdefault(passage.attachment_id, []).append(passage)
        names = {one.id: one.name for one in self._attachments.get_many(list(by_file), owner=owner)}
        return [
            (names[id_], _shown(f"{names[id_]}, the parts that fit the question", _joined(it)) + "\n\n")
            for id_, it in by_file.items()
        ]

    def _cut(self, passage: Passage, question: str, *, tokens: int) -> Passage:
        """Return what of a passage fits `question` where there is no room for any whole one, as in small windows."""
        size = self._estimate(passage.text)
        chars = max(len(passage.text) * tokens // (size + size // 8), 1)
        return passage._replace(text=fitting_passages(passage.text, question, chars=chars))


def share_of(window: int) -> int:
    """Return what may go along of files of a project where they do not all fit into `window`, in tokens."""
    return min(window // _SHARE, MOST_PARTS_TOKENS)


def _behind_system(messages: list[Message], text: str) -> list[Message]:
    """Return the messages with `text` behind the system prompt, which is made where there is none."""
    if messages[0].role == "system":
        return [replace(messages[0], parts=(TextPart(f"{messages[0].text}\n\n{text}"),)), *messages[1:]]
    return [Message.of("system", text), *messages]


def _joined(passages: list[Passage]) -> str:
    return GAP.join(passage.text for passage in sorted(passages))


def _shown(name: str, text: str) -> str:
    return f"File: {name}\n{fenced(text)}"


def _notice(count: int, names: list[str]) -> Notice:
    """Return what the readers are told where not all goes along."""
    files = f"the {count:,} files of the project" if count > 1 else "the file of the project"
    if not names:
        return Notice(PROJECT_FILES, f"Nothing in {files} has words of the question, so the model reads none of it.")
    told = f"Of {files} the model reads the parts that fit the question, from {first_of(names)}."
    return Notice(PROJECT_FILES, told)
