"""Files that were shown in conversations, out with an export and in with an import, ours and others'."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.store import Store, StoredMessage
from chatapp.backend.transfer.exporters import Exports
from chatapp.backend.transfer.importers import Imports, Receipt
from chatapp.config.settings import Settings
from chatapp.errors import StoreUnavailableError
from chatapp.protocol.messages import AttachmentPart
from chatapp.protocol.question import Question
from support import documents
from support.empty_stores import put_empty_store
from support.foreign_exports import open_webui, write_database
from support.imported import PICTURE, line, multimodal
from support.saved_turns import begin_turn, finish_turn

NOTES = b"The sea is salty.\n"
NOTES_ID = hashlib.sha256(NOTES).hexdigest()
LLM = (
    """
CREATE TABLE conversations (id TEXT, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, system TEXT, response TEXT, conversation_id TEXT,
    datetime_utc TEXT);
CREATE TABLE attachments (id TEXT, type TEXT, path TEXT, url TEXT, content BLOB);
CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
INSERT INTO conversations VALUES ('c', 'Sea', 'm');
INSERT INTO responses VALUES ('r', 'm', 'Which?', NULL, 'Salty.', 'c', '2026-01-01T00:00:00');
INSERT INTO prompt_attachments VALUES ('r', 'a', 0), ('r', 'b', 1);
"""
    + f"""
INSERT INTO attachments VALUES ('a', 'text/plain', NULL, NULL, X'{NOTES.hex()}'),
    ('b', 'text/plain', '/etc/hostname', NULL, NULL);
"""
)


class Owner:
    """A store of one person, with what takes files in."""

    def __init__(self, store: Store, folder: Path, *, owner: str = "ada", max_file_bytes: int = 1_000_000) -> None:
        self.store, self.folder, self.owner = store, folder, owner
        self.desk = AttachmentDesk(store.attachments, quota_bytes=10_000_000)
        self.imports = Imports(store.database, self.desk.keep, max_file_bytes)

    def bring(self, content: bytes) -> Receipt:
        path = self.folder / "import"
        path.write_bytes(content)
        return self.imports.read(path, owner=self.owner)

    def messages(self) -> list[StoredMessage]:
        (conversation,) = self.store.conversations.page(owner=self.owner).items
        return self.store.messages.all(conversation.id, owner=self.owner)

    def files(self) -> list[tuple[str, bytes | None]]:
        """The names of all files in messages, with their bytes where they are there."""
        parts = (part for message in self.messages() for part in message.parts if isinstance(part, AttachmentPart))
        return [(part.name, self.bytes_of(part.content_id)) for part in parts]

    def bytes_of(self, id_: str | None) -> bytes | None:
        return b"".join(self.store.attachments.content(id_, owner=self.owner)) if id_ else None

    def show(self, content: bytes, name: str) -> str:
        """Begin a conversation with a file, and return its id."""
        path = self.folder / "shown"
        path.write_bytes(content)
        question = Question(
            prompt="Which?", attachments=(self.desk.keep(path, name, self.owner),), owner=self.owner, store=True
        )
        begun = begin_turn(self.store, question, process_id="p", fallback_model="m")
        finish_turn(self.store, begun.turn_id, status="complete", text="This.", segments=[["text", 5]])
        return str(begun.conversation_id)

    def exported(self, as_format: str = "zip") -> bytes:
        exports = Exports(self.store.conversations, self.store.messages, self.store.attachments)
        return exports.everything(owner=self.owner, as_format=as_format).read()


@pytest.fixture
def ada(sqlite_store: Store, tmp_path: Path) -> Owner:
    return Owner(sqlite_store, tmp_path)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[..., Owner]]:
    """A function that opens the empty store of somebody else."""
    stores: list[Store] = []

    def opened(**changes: Any) -> Owner:
        folder = tmp_path / f"other{len(stores)}"
        put_empty_store(folder)
        stores.append(Store.open(Settings(data_dir=folder)))
        return Owner(stores[-1], tmp_path, **changes)

    yield opened
    for store in stores:
        store.close()


def test_files_lie_beside_the_conversations_and_come_in_again(ada: Owner, elsewhere: Callable[..., Owner]) -> None:
    photo = documents.photo()
    ada.show(photo, "../at: sea.jpg")
    archive = ada.exported()

    bob = elsewhere(owner="bob")
    receipt = bob.bring(archive)

    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist()[1:] == [f"files/{hashlib.sha256(photo).hexdigest()[:16]}/at_ sea.jpg"]
        assert opened.testzip() is None
    assert (receipt.skipped, bob.files()) == ([], [("at: sea.jpg", photo)])
    assert bob.store.attachments.forget_unused() == 0
    assert bob.exported()[:2] == b"PK"


def test_the_page_of_an_export_has_its_pictures_in_it(ada: Owner) -> None:
    ada.show(documents.photo(), "sea.jpg")

    page = ada.exported("html").decode()

    assert '<img alt="sea.jpg" src="data:image/jpeg;base64,' in page
    assert "img-src data:;" in page


def test_naming_a_file_is_no_way_to_it(ada: Owner, elsewhere: Callable[..., Owner]) -> None:
    ada.show(NOTES, "notes.txt")
    with zipfile.ZipFile(io.BytesIO(ada.exported())) as opened:
        told = opened.read("conversations.json")

    bob = Owner(ada.store, ada.folder, owner="bob")
    receipt = bob.bring(told)

    assert bob.files() == [("notes.txt", None)]
    assert [(line.why, line.count) for line in receipt.skipped] == [("a file, picture or recording", 1)]


def zipped(**members: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content if isinstance(content, bytes) else json.dumps(content))
    return out.getvalue()


def of_chatgpt(name: str = "file_1-notes.txt", content: bytes = NOTES) -> bytes:
    known = {"metadata": {"attachments": [{"id": "file_1", "name": "notes.txt"}]}}
    conversation = line(("q", "user", {**multimodal(PICTURE, "Which?"), **known}))
    return zipped(**{"conversations.json": [conversation], f"user-1__{name}": content, "file_10-other.txt": b"No."})


def of_claude() -> bytes:
    file = {"file_name": "notes.txt", "file_uuid": "0a-1"}
    said = {"uuid": "m", "sender": "human", "text": "Which?", "files": [file]}
    return zipped(**{
        "conversations.json": [{"uuid": "c", "name": "n", "chat_messages": [said]}], "files__0a-1.txt": NOTES,
    })  # fmt: skip


def of_open_webui() -> bytes:
    theirs = {**open_webui(), "archived": False}
    url = f"data:text/plain;base64,{base64.b64encode(NOTES).decode()}"
    file = {"type": "file", "name": "notes.txt", "url": url}
    theirs["chat"]["history"]["messages"]["u1"] |= {"content": "Which?", "files": [file]}
    return json.dumps([theirs]).encode()


def of_grok() -> bytes:
    said = {"_id": "m", "sender": "human", "message": "Which?", "file_attachments": ["0a-1"]}
    theirs = {"conversations": [{"conversation": {"id": "g"}, "responses": [{"response": said}]}]}
    return zipped(**{"x__prod-grok-backend.json": theirs, "x__prod-mc-asset-server__0a-1__content": NOTES})


def of_open_webui_by_its_words() -> bytes:
    theirs = {**open_webui(), "archived": False}
    file = {"type": "file", "name": "notes.txt", "id": "f", "file": {"id": "f", "data": {"content": NOTES.decode()}}}
    theirs["chat"]["history"]["messages"]["u1"] |= {"content": "Which?", "files": [file]}
    return json.dumps([theirs]).encode()


def of_le_chat() -> bytes:
    """Two chats with a file of the same name each, which is in the folder of its chat."""
    said = {"id": "m", "chatId": "c", "role": "user", "content": "Which?", "createdAt": "2026-05-28T20:26:40Z"}
    other = {"id": "n", "chatId": "b", "role": "assistant", "content": "", "contentChunks": None}
    return zipped(**{
        "chat-b.json": [other], "chat-b-files__notes.txt": b"No.",
        "chat-c.json": [{**said, "files": [{"type": "text", "name": "notes.txt"}]}], "chat-c-files__notes.txt": NOTES,
    })  # fmt: skip


@pytest.mark.parametrize(
    "export",
    [of_chatgpt, of_claude, of_le_chat, of_open_webui, of_open_webui_by_its_words],
    ids=["ChatGPT", "Claude", "Le Chat", "Open WebUI", "Open WebUI, its words"],
)
def test_the_files_of_others_come_along(ada: Owner, export: Callable[[], bytes]) -> None:
    receipt = ada.bring(export())

    question = ada.messages()[0]
    assert (question.content, ada.files()[0]) == ("Which?", ("notes.txt", NOTES))
    assert not [it for it in receipt.skipped if "file" in it.why]
    assert ada.store.attachments.for_models([NOTES_ID], owner="ada")[NOTES_ID][0] == NOTES.decode()


def test_the_files_of_grok_come_along_though_it_names_none(ada: Owner) -> None:
    assert ada.bring(of_grok()).skipped == []
    assert (ada.messages()[0].content, ada.files()) == ("Which?", [("file", NOTES)])


def only_text_of(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read("conversations.json")


@pytest.mark.parametrize("source", ["chatapp", "ChatGPT"])
def test_files_come_with_a_later_export_and_stay_with_one_without_them(
    source: str, ada: Owner, elsewhere: Callable[..., Owner]
) -> None:
    ada.show(NOTES, "notes.txt")
    archive = ada.exported() if source == "chatapp" else of_chatgpt()
    bob = elsewhere(owner="bob")

    assert bob.bring(only_text_of(archive)).skipped[0].why == "a file, picture or recording"
    assert bob.bring(archive).skipped == []
    assert bob.files()[0] == ("notes.txt", NOTES)

    bob.bring(only_text_of(archive).replace(b"Which?", b"Which one?"))
    assert bob.files()[0] == ("notes.txt", NOTES)


def test_a_file_for_which_there_was_no_room_comes_when_there_is(ada: Owner) -> None:
    imports = ada.imports
    ada.imports = Imports(ada.store.database, AttachmentDesk(ada.store.attachments, quota_bytes=1).keep, 1_000_000)
    assert [line.count for line in ada.bring(of_chatgpt()).skipped] == [1]

    ada.imports = imports
    assert ada.bring(of_chatgpt()).skipped == []
    assert ada.files() == [("notes.txt", NOTES)]


def test_an_import_ends_where_its_files_cannot_be_saved(ada: Owner) -> None:
    def keep(*_: object) -> AttachmentPart:
        raise StoreUnavailableError("The store cannot be written.")

    ada.imports = Imports(ada.store.database, keep, 1_000_000)
    with pytest.raises(StoreUnavailableError):
        ada.bring(of_chatgpt())


def test_what_a_log_of_llm_holds_comes_along_and_no_path_is_followed(ada: Owner, tmp_path: Path) -> None:
    receipt = ada.bring(write_database(tmp_path / "logs.db", LLM).read_bytes())

    assert [content for _, content in ada.files()] == [NOTES, None]
    assert [(it.why, it.count) for it in receipt.skipped] == [("a file, picture or recording", 1)]


@pytest.mark.parametrize(
    "export",
    [
        of_chatgpt(content=b"MZ\0\0"),
        of_chatgpt(content=b"x" * 1_000_001),
        of_chatgpt(name="file_2-notes.txt"),
        of_chatgpt().replace(NOTES, NOTES[::-1]),
    ],
    ids=["of no kind that is read", "too large", "not there", "damaged"],
)
def test_a_file_that_does_not_come_along_is_in_the_receipt(ada: Owner, export: bytes) -> None:
    receipt = ada.bring(export)

    assert ada.messages()[0].content == "(picture: notes.txt)\n\nWhich?"
    assert [(it.why, it.count) for it in receipt.skipped if "picture" in it.why] == [
        ("a file, picture or recording", 1)
    ]
