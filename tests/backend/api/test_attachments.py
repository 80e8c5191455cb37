"""Files that go along with questions, over HTTP: taken in, shown to models, sent again, kept apart by owner."""

import asyncio
import base64
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import requests
from PIL import Image

from chatapp.backend.attachments import budget, choosing, wording
from chatapp.backend.attachments.choosing import numbered, text_of_pages
from chatapp.backend.attachments.desk import AT_ONCE, AttachmentDesk
from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.store import Attachment, Store
from chatapp.client import BackendClient
from chatapp.client.chat import StoredChat
from chatapp.client.ephemeral_chat import EphemeralChat
from chatapp.errors import ChatappError, InvalidRequestError, NotFoundError, UpstreamParameterRefusedError
from chatapp.protocol.chosen_pages import ChosenPages
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import AttachmentPart, Message, TextPart
from support import documents, scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

RunBackend = Callable[..., RunningBackend]
KEYS = "ada:" + "a" * 40 + ",bob:" + "b" * 40
SEA = "File: sea.txt\n```\nThe sea is salty.\n```\n\n"


def attach(client: BackendClient, content: bytes = b"The sea is salty.\n", name: str = "sea.txt") -> str:
    return client.attach(io.BytesIO(content), name=name).id


def asked(stub: StubModel) -> object:
    return stub.calls[-1].body["messages"][-1]["content"]


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_the_model_reads_a_file_in_front_of_the_question(
    shared: RunningBackend, model: StubModel, is_streamed: bool
) -> None:
    file = shared.client.attach(io.BytesIO(b"The sea is salty.\n"), name="sea.txt")
    chat = EphemeralChat(shared.client, is_streamed=is_streamed)

    list(chat.ask("Why?", attachments=[file]))

    assert asked(model) == f"{SEA}Why?"
    assert (file.name, file.kind, file.size, file.notes) == ("sea.txt", "text", 18, ())


def test_the_model_sees_a_picture_and_reads_the_files_beside_it(shared: RunningBackend, model: StubModel) -> None:
    ids = [attach(shared.client, documents.photo(), "../at home.jpg"), attach(shared.client)]

    shared.client.ask("What is it?", attachments=ids)

    picture, text = asked(model)  # type: ignore[misc]
    assert text == {"type": "text", "text": f"{SEA}What is it?"}
    kind, _, data = picture["image_url"]["url"].partition(";base64,")
    assert (picture["type"], kind) == ("image_url", "data:image/jpeg")
    seen = Image.open(io.BytesIO(base64.b64decode(data)))
    top, bottom = (seen.getpixel((10, y)) for y in (5, 35))
    assert (seen.size, dict(seen.getexif()), b"Camera of Ada" in base64.b64decode(data)) == ((20, 40), {}, False)
    assert top[0] > 150 > bottom[0]  # type: ignore[index]
    assert top[2] < 100 < bottom[2]  # type: ignore[index]


def test_a_file_goes_along_with_every_later_question(shared: RunningBackend, model: StubModel) -> None:
    kept = str(shared.client.ask("Why?", store=True, attachments=[attach(shared.client)]).conversation_id)

    shared.client.ask("Really?", conversation_id=kept)

    assert [it["content"] for it in model.calls[-1].body["messages"]] == [
        f"{SEA}Why?",
        "Hello from the stub.",
        "Really?",
    ]
    question = shared.client.conversations.messages(kept).items[0]
    assert question.content == "Why?"
    assert [(part.name, part.size) for part in question.parts if isinstance(part, AttachmentPart)] == [("sea.txt", 18)]


def test_pages_that_were_chosen_go_along_now_and_later(shared: RunningBackend, model: StubModel) -> None:
    file = attach(shared.client, documents.pdf("Whales", "Sharks", "Seals"), "sea.pdf")
    chosen = "File: sea.pdf, pages 2-\n```\n[page 2]\n\nSharks\n\n[page 3]\n\nSeals\n```\n\n"

    kept = shared.client.ask("Why?", store=True, attachments=[f"{file}#pages=2-"]).conversation_id
    shared.client.ask("Really?", conversation_id=kept)

    assert model.calls[-1].body["messages"][0]["content"] == f"{chosen}Why?"
    assert shared.client.preview(file, pages="3").text == "[page 3]\n\nSeals"
    (part, _) = shared.client.conversations.messages(str(kept)).items[0].parts
    assert isinstance(part, AttachmentPart)
    assert (part.title, part.reference) == ("sea.pdf, pages 2-", f"{file}#pages=2-")


@pytest.mark.parametrize(
    ("name", "content", "pages", "said"),
    [
        ("sea.pdf", documents.pdf("Whales"), "2", "sea.pdf has no page 2: its last is 1."),
        ("sea.pptx", documents.pptx(), "3", "sea.pptx has no slide 3: its last is 2."),
        ("sea.pdf", documents.pdf("Whales"), "2-1", "2-1 ends before it begins."),
        ("sea.pdf", documents.pdf("Whales"), "two", "'two' is no page."),
        ("sea.txt", b"The sea is salty.", "1", "sea.txt has no pages to choose from."),
    ],
)
def test_pages_that_are_not_there_are_refused(
    shared: RunningBackend, name: str, content: bytes, pages: str, said: str
) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        shared.client.ask("Why?", attachments=[f"{attach(shared.client, content, name)}#pages={pages}"])


@pytest.mark.parametrize(
    ("text", "pages", "chosen"),
    [
        ("[page 1]\n\nAs [page 3] says:\n[page 1]\n\n[page 2]\n\nB", "1", "[page 1]\n\nAs [page 3] says:\n[page 1]"),
        ("## People\n\n| Ada |\n\n## Places", "2-", "## Places"),
        ("Nothing has a number.", "1", "Nothing has a number."),
    ],
)
def test_pages_of_a_text_begin_where_they_are_numbered(text: str, pages: str, chosen: str) -> None:
    assert text_of_pages(text, ChosenPages.parse(pages)) == chosen


def test_a_chat_that_is_not_stored_sends_its_files_again(shared: RunningBackend, model: StubModel) -> None:
    file = shared.client.attach(io.BytesIO(b"The sea is salty.\n"), name="sea.txt")
    chat = EphemeralChat(shared.client)

    list(chat.ask("Why?", attachments=[file]))
    list(chat.ask("Really?"))

    assert model.calls[-1].body["messages"][0]["content"] == f"{SEA}Why?"


def test_another_answer_and_a_failed_question_keep_their_files(shared: RunningBackend, model: StubModel) -> None:
    file = shared.client.attach(io.BytesIO(b"The sea is salty.\n"), name="sea.txt")
    chat = StoredChat(shared.client)
    list(chat.ask("Why?", attachments=[file]))

    list(chat.retry())

    assert asked(model) == f"{SEA}Why?"


def test_of_a_file_that_is_too_long_the_model_reads_what_fits_the_question(
    run_backend: RunBackend, stub: StubModel
) -> None:
    backend = run_backend(context_tokens=1200)
    text = "".join(f"Nothing of note on day {day}.\n\n" for day in range(2000)).replace(
        "day 1500.", "day 1500: a whale!"
    )
    file = backend.client.attach(io.BytesIO(text.encode()), name="log.txt")

    events = list(EphemeralChat(backend.client).ask("When was the whale?", attachments=[file]))

    assert "a whale!" in str(asked(stub))
    assert len(str(asked(stub))) < 4000
    notices = [event for event in events if isinstance(event, Notice)]
    assert [it.code for it in notices] == ["attachment_cut"]
    assert "log.txt" in notices[0].text


def test_what_is_said_of_files_stays_with_question_and_answer(run_backend: RunBackend) -> None:
    client = run_backend(context_tokens=1200).client
    ids = [attach(client, documents.pdf("Whales", ""), "scan.pdf"), attach(client, b"Nothing.\n\n" * 2000, "log.txt")]
    kept = str(client.ask("Why?", store=True, attachments=ids).conversation_id)

    question, answer = client.conversations.messages(kept).items

    notes = [part.notes for part in question.parts if isinstance(part, AttachmentPart)]
    assert notes == [("Pages without words, as scans are: 2.",), ()]
    assert [notice.code for notice in answer.notices] == ["attachment_cut"]


def test_a_server_that_finds_it_too_long_is_asked_with_less(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.status(400, "maximum context length is 1000 tokens", code="context_length_exceeded"))
    file = attach(backend.client, b"Nothing of note.\n\n" * 2000, "log.txt")

    backend.client.ask("Why?", attachments=[file])

    first, second = (len(str(call.body["messages"])) for call in stub.calls)
    assert second < first / 4


def test_earlier_files_give_way_to_the_last(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(context_tokens=3000)
    chat = StoredChat(backend.client)
    for name in ("old.txt", "new.txt"):
        file = backend.client.attach(io.BytesIO(f"{name} says much. ".encode() * 180), name=name)
        events = list(chat.ask("Why?", attachments=[file]))

    first, *_, last = (message["content"] for message in stub.calls[-1].body["messages"])
    assert first == "(The file old.txt is left out here: there is no room for it.)\n\nWhy?"
    assert last.count("new.txt says much.") == 180
    assert "attachment_left_out" in [event.code for event in events if isinstance(event, Notice)]


def test_a_file_that_is_not_kept_is_told_to_model_and_reader(sqlite_store: Store) -> None:
    question = Message("user", (AttachmentPart("sea.txt", content_id="0" * 64), TextPart("Why?")))

    worded = AttachmentWording(sqlite_store.attachments, estimate=len).word([question], owner="ada", tokens=None)

    assert [message.text for message in worded.messages] == ["(The file sea.txt is not here.)\n\nWhy?"]
    assert [notice.code for notice in worded.notices] == ["attachment_missing"]


def test_scanned_pages_are_shown_to_models_and_their_words_read(shared: RunningBackend, model: StubModel) -> None:
    file = attach(shared.client, documents.scan("red", "blue", words="Whales"), "scan.pdf")

    shared.client.ask("Which?", attachments=[file])

    *pictures, text = asked(model)  # type: ignore[misc]
    assert [picture["type"] for picture in pictures] == ["image_url", "image_url"]
    whales = "File: scan.pdf\n```\n[page 3]\n\nWhales\n```"
    assert text["text"] == f"{whales}\n\n(Shown as pictures: scan.pdf, pages 1, 2.)\n\nWhich?"
    assert shared.client.preview(file).tokens > 2400


def test_scanned_pages_that_were_chosen_are_drawn(shared: RunningBackend, model: StubModel) -> None:
    file = attach(shared.client, documents.scan(*["red"] * 22, words="Whales"), "scan.pdf")
    assert shared.client.preview(file, pages="21").picture

    shared.client.ask("Which?", attachments=[f"{file}#pages=2,21-23"])

    *pictures, text = asked(model)  # type: ignore[misc]
    assert len(pictures) == 3
    assert "Whales" in text["text"]
    assert "(Shown as pictures: scan.pdf, pages 2, 21, 22.)" in text["text"]


def test_pages_that_are_too_many_to_be_drawn_are_named(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = attach(shared.client, documents.scan(*["red"] * 23), "scan.pdf")
    monkeypatch.setattr(choosing, "MOST_PICTURES", 1)

    kept = str(shared.client.ask("Which?", store=True, attachments=[f"{file}#pages=20-23"]).conversation_id)

    assert "(Left out here, as there are no words on them: scan.pdf, pages 22, 23.)" in str(asked(model))
    (notice,) = shared.client.conversations.messages(kept).items[-1].notices
    assert notice.text.endswith("no more pages are shown at a time: scan.pdf, pages 22, 23.")


@pytest.mark.parametrize(
    ("drawn", "pages", "undrawn"),
    [
        (18, "1-20", []),  # two are blank
        (18, "1-25", [19, 20, 21, 22, 23, 24, 25]),  # two of 20 were blank, and five were not looked at
        (20, "1-25", [21, 22, 23, 24, 25]),
        (198, "197-202", [199, 200, 201, 202]),
    ],
)
def test_pages_behind_blank_ones_are_named_where_there_were_too_many(
    drawn: int, pages: str, undrawn: list[int]
) -> None:
    shown = choosing.Shown("", None, [(number, b"") for number in range(1, drawn + 1)], last=300)
    assert shown.undrawn(pages) == undrawn


@pytest.fixture
def kept(sqlite_store: Store, tmp_path: Path) -> Store:
    """A store with five pictures of ada's."""
    path = documents.saved(tmp_path, "any.png", b"any")
    for number in range(5):
        told = Attachment("ada", f"{number:064}", f"{number}.png", "image/png", "image", 3, None, ())
        sqlite_store.attachments.add(told, path, text="", picture=b"eight by")
    return sqlite_store


@pytest.mark.parametrize(
    ("most", "pictures", "told"),
    [
        ({"MOST_MEDIA": 2}, 5, "3.png, 2.png and 1 more"),
        ({"MOST_MEDIA_BYTES": 12}, 5, "3.png, 2.png, 1.png and 1 more"),
        ({"MOST_FILES": 3}, 4, "3.png"),
    ],
    ids=["so many", "so large", "looked at"],
)
def test_of_many_pictures_some_go_along_and_the_rest_are_counted(
    kept: Store, monkeypatch: pytest.MonkeyPatch, most: dict[str, int], pictures: int, told: str
) -> None:
    monkeypatch.setattr(wording, "MOST_OF_MESSAGE", 4)
    for name, bound in most.items():
        monkeypatch.setattr(budget, name, bound)
    parts = [one.part() for one in kept.attachments.get_many([f"{it:064}" for it in range(pictures)], owner="ada")]

    messages = [Message("user", tuple(parts)), Message.of("user", "Which?")]
    worded = AttachmentWording(kept.attachments, estimate=len).word(messages, owner="ada", tokens=None)

    assert [notice.text for notice in worded.notices] == [f"Left out to fit the model's context: {told}."]
    assert len(worded.media) == pictures - told.count(".png") - told.count("more")
    assert ("(1 more file is left out here" in worded.messages[0].text) == ("more" in told)


def test_page_numbers_are_told_as_people_write_them() -> None:
    assert [numbered(pages) for pages in ([4], [1, 2], [1, 3, 4, 5, 7])] == ["page 4", "pages 1, 2", "pages 1, 3-5, 7"]


def test_scanned_pages_are_left_out_where_words_remain_and_fail_the_question_where_none_do(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(BLIND)
    mixed = backend.client.attach(io.BytesIO(documents.scan("red", words="Whales")), name="mixed.pdf")
    events = list(EphemeralChat(backend.client).ask("Which?", attachments=[mixed]))

    assert "(The file mixed.pdf, page 1 is left out here: you do not take it.)" in str(asked(stub))
    assert [event.code for event in events if isinstance(event, Notice)] == ["attachment_left_out"]
    stub.next(BLIND)
    with pytest.raises(UpstreamParameterRefusedError):
        backend.client.ask("Which?", attachments=[attach(backend.client, documents.scan("red"), "scan.pdf")])


BLIND = scripts.status(500, "image input is not supported - hint: you may need to provide the mmproj")


def test_a_picture_that_a_model_does_not_take_fails_its_question_and_no_later_one(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(BLIND)
    photo = backend.client.attach(io.BytesIO(documents.photo()), name="sea.jpg")
    chat = StoredChat(backend.client)
    with pytest.raises(UpstreamParameterRefusedError, match="takes no pictures"):
        list(chat.ask("What is it?", attachments=[photo]))

    events = list(chat.ask("And the sea?"))

    left_out = "(The file sea.jpg is left out here: you do not take it.)"
    assert asked(stub) == f"{left_out}\n\nWhat is it?\n\nAnd the sea?"
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert (stub.hits, notices) == (2, ["Left out, as the model does not take them: sea.jpg."])
    told = backend.client.models()
    assert told.takes_images(told.default) is False


def test_a_picture_that_the_next_model_does_not_take_is_left_out(backend: RunningBackend, stub: StubModel) -> None:
    photo = attach(backend.client, documents.photo(), "sea.jpg")
    kept = str(backend.client.ask("What is it?", store=True, attachments=[photo]).conversation_id)
    stub.next(BLIND)

    backend.client.ask("And the sea?", conversation_id=kept)

    notices = backend.client.conversations.messages(kept).items[-1].notices
    assert [notice.code for notice in notices] == ["attachment_left_out"]
    assert (stub.hits, "sea.jpg" in str(stub.calls[-1].body["messages"][0]["content"])) == (3, True)


def test_a_model_that_has_begun_to_see_is_believed(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(BLIND)
    photo = attach(backend.client, documents.photo(), "sea.jpg")
    with pytest.raises(UpstreamParameterRefusedError):
        backend.client.ask("What is it?", attachments=[photo])

    backend.client.ask("What is it?", attachments=[photo])

    told = backend.client.models()
    assert told.takes_images(told.default) is None


@pytest.fixture
def guarded(run_backend: RunBackend) -> Iterator[tuple[BackendClient, BackendClient]]:
    """Clients of two people."""
    backend = run_backend(api_keys=KEYS)
    with (
        BackendClient(backend.url, api_key="a" * 40, timeout_s=10) as ada,
        BackendClient(backend.url, api_key="b" * 40, timeout_s=10) as bob,
    ):
        yield ada, bob


def test_files_of_others_are_not_there(guarded: tuple[BackendClient, BackendClient]) -> None:
    ada, bob = guarded
    file = attach(ada)

    with pytest.raises(NotFoundError):
        bob.ask("Why?", attachments=[file])
    photo = attach(ada, documents.photo(), "sea.jpg")
    assert Image.open(io.BytesIO(ada.thumbnail(photo))).size == (20, 40)
    for client, id_ in ((bob, photo), (ada, file)):  # of another owner, and of what is no picture
        with pytest.raises(NotFoundError):
            client.thumbnail(id_)
    attach(bob)
    assert bob.ask("Why?", attachments=[file]).answer  # the same bytes, sent by himself


def test_a_download_is_saved_and_never_drawn(shared: RunningBackend) -> None:
    file = attach(shared.client, b"<html><script>alert(1)</script></html>", "ä\n/évil.html")

    response = requests.get(f"{shared.url}/attachments/{file}/content", timeout=10)

    assert response.content == b"<html><script>alert(1)</script></html>"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%A9vil.html"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_a_long_name_keeps_its_ending(shared: RunningBackend) -> None:
    told = shared.client.attach(io.BytesIO(b"a;b\n1;2\n"), name="x" * 900 + ".csv")

    assert (len(told.name), told.name[-5:], told.media_type) == (200, "x.csv", "text/csv")


def test_what_a_model_gets_can_be_looked_at(shared: RunningBackend) -> None:
    text, photo = attach(shared.client, b"The sea is salty. " * 500), attach(shared.client, documents.photo(), "a.jpg")

    shown, seen = shared.client.preview(text), shared.client.preview(photo)

    assert (shown.text[:17], len(shown.text), shown.picture, 2000 < shown.tokens < 3500) == (
        "The sea is salty.", 4000, None, True,
    )  # fmt: skip
    assert (seen.text, str(seen.picture)[:23], seen.tokens) == ("", "data:image/jpeg;base64,", 1200)


def test_a_form_is_taken_and_files_are_listed(backend: RunningBackend) -> None:
    sent = requests.post(f"{backend.url}/attachments", files={"file": ("sea.txt", b"Salt")}, timeout=10)
    listed = requests.get(f"{backend.url}/attachments", timeout=10).json()
    told = requests.get(f"{backend.url}/attachments/{sent.json()['id']}", timeout=10).json()

    assert (sent.status_code, sent.json()["name"]) == (201, "sea.txt")
    assert (listed["size"], [it["id"] for it in listed["items"]]) == (4, [sent.json()["id"]])
    assert told == sent.json()


@pytest.mark.parametrize(
    ("settings", "file", "status", "said"),
    [
        ({"max_attachment_bytes": 10}, ("a.txt", b"x" * 11), 413, "larger than 10 bytes"),
        ({"attachment_quota_bytes": 10}, ("a.txt", b"x" * 11), 413, "a.txt"),
        ({}, ("a.exe", b"MZ\0\0"), 415, "a.exe cannot be attached: Nobody here can read this kind of file."),
        ({}, ("a.pdf", b"%PDF-1.7"), 415, "a.pdf cannot be attached: It is damaged"),
        ({}, ("a.txt", b""), 415, "a.txt cannot be attached: It is empty."),
    ],
    ids=["too large", "quota", "unknown", "damaged", "empty"],
)
def test_what_cannot_be_attached_is_refused_in_a_sentence(
    run_backend: RunBackend, settings: dict[str, int], file: tuple[str, bytes], status: int, said: str
) -> None:
    with pytest.raises(ChatappError) as caught:
        attach(run_backend(**settings).client, file[1], file[0])

    assert (caught.value.status, said in caught.value.detail) == (status, True)


def test_uploads_leave_no_files_behind(backend: RunningBackend, tmp_path: Path) -> None:
    attach(backend.client)

    assert not list((tmp_path / "data").glob("*.part"))


def test_who_waits_for_pages_to_be_drawn_holds_no_thread(shared: RunningBackend) -> None:
    desk, release = AttachmentDesk(shared.app.state.store.attachments, quota_bytes=0), Event()
    scan = AttachmentPart("scan.pdf", "application/pdf", content_id="0" * 64, pages="9")

    async def others_have_it() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        drawing = asyncio.create_task(desk.draw(scan, "cy"))
        await asyncio.to_thread(int)
        assert not drawing.done()
        drawing.cancel()

    for number in range(AT_ONCE):
        desk._pool.submit(release.wait, owner=str(number))
    try:
        asyncio.run(others_have_it())
    finally:
        release.set()
        desk.close()
