"""Pictures and files in OpenAI's API, kept with the conversation as those of the page are."""

import asyncio
import base64
import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.attachments import desk
from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.gateway import response_requests
from chatapp.backend.gateway.held import HeldFile, HeldMessages
from chatapp.backend.store import Attachment, Store, WholeTurn
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.protocol.messages import AttachmentPart, Message, TextPart
from chatapp.protocol.question import Question
from support import documents
from support.pages import wait_until
from support.running_backend import RunningBackend
from support.stub_model import StubModel

PHOTO = documents.photo()
PHOTO_ID = hashlib.sha256(PHOTO).hexdigest()
DATA = base64.b64encode(PHOTO).decode()
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{DATA}"}}


def is_kept(backend: RunningBackend) -> bool:
    return requests.get(f"{backend.url}/attachments/{PHOTO_ID}", timeout=10).status_code == 200


def test_a_picture_of_a_client_is_kept_and_goes_along_from_the_page(backend: RunningBackend, stub: StubModel) -> None:
    asked = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE]}
    requests.post(f"{backend.url}/v1/chat/completions", json={"messages": [asked]}, timeout=10).raise_for_status()
    (kept,) = backend.client.conversations.page().items
    wait_until(lambda: is_kept(backend))

    backend.client.ask("And now?", conversation_id=kept.id)

    picture, text = stub.calls[-1].body["messages"][0]["content"]
    assert (picture["type"], text["text"]) == ("image_url", "What is it?")
    content = requests.get(f"{backend.url}/attachments/{PHOTO_ID}/content", timeout=10).content
    assert content == PHOTO


def test_a_response_that_goes_on_shows_the_picture_again(backend: RunningBackend, stub: StubModel) -> None:
    url = f"{backend.url}/v1/responses"
    image = {"type": "input_image", "image_url": IMAGE["image_url"]["url"]}  # type: ignore[index]
    asked = {"role": "user", "content": [{"type": "input_text", "text": "What is it?"}, image]}
    first = requests.post(url, json={"model": "m", "input": [asked]}, timeout=10).json()
    wait_until(lambda: is_kept(backend))

    body = {"model": "m", "input": "And now?", "previous_response_id": first["id"]}
    requests.post(url, json=body, timeout=10).raise_for_status()

    text, picture = stub.calls[-1].body["messages"][0]["content"]
    assert (text["text"], picture["type"]) == ("What is it?", "image_url")


def test_the_next_question_does_not_miss_a_picture_that_is_still_being_read(
    backend: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read, read = threading.Event(), desk.read

    def read_later(*arguments: Any, **options: Any) -> Any:
        assert may_read.wait(60)
        return read(*arguments, **options)

    monkeypatch.setattr(desk, "read", read_later)
    monkeypatch.setattr(desk, "WAIT_S", 0.0)
    url = f"{backend.url}/v1/responses"
    image = {"type": "input_image", "image_url": IMAGE["image_url"]["url"]}  # type: ignore[index]
    first = requests.post(url, json={"model": "m", "input": [{"role": "user", "content": [image]}]}, timeout=10).json()
    body = {"model": "m", "input": "And now?", "previous_response_id": first["id"]}

    refused = requests.post(url, json=body, timeout=10)
    monkeypatch.setattr(desk, "WAIT_S", 60.0)
    may_read.set()
    requests.post(url, json=body, timeout=70).raise_for_status()

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    (picture,) = stub.calls[-1].body["messages"][0]["content"]
    assert picture["type"] == "image_url"


SOUND = base64.b64encode(b"RIFF").decode()
PARTS = {
    "a picture": (IMAGE, HeldFile("image", "image/jpeg", PHOTO)),
    "sound": ({"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}},
              HeldFile("audio", "audio/wav", b"RIFF")),
    "a file": ({"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{SOUND}"}},
               HeldFile("a.pdf", "application/pdf", b"RIFF")),
    "an address": ({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}, None),
    "no base64": ({"type": "image_url", "image_url": {"url": "data:image/png;base64,*"}}, None),
    "nothing": ({"type": "file", "file": None}, None),
}  # fmt: skip


def test_a_picture_that_another_process_is_still_reading_is_waited_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_requests, "WAIT_S", 3600.0)  # the wait ends when the picture is there
    held = HeldMessages([{"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE]}])
    whole = WholeTurn(
        id=new_timed_id(),
        question=Question(prompt=None, store=True, held=held),
        held=held,
        asked_at=now(),
        process_id="elsewhere:1:a",
        model="m",
        ending={"status": "complete", "text": "A dog.", "segments": [["text", 6]]},
        said=Message("assistant", (TextPart("A dog."),)),
    )
    store.turns.keep([whole])[0]()
    path = tmp_path / "photo"
    path.write_bytes(PHOTO)
    photo = Attachment("", PHOTO_ID, "photo", "image/jpeg", "image", len(PHOTO), None, ())

    async def ask() -> Any:
        reader = AttachmentDesk(store.attachments, quota_bytes=0)
        asked = asyncio.create_task(response_requests.earlier_messages(store, reader, whole.id, owner=""))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(store.attachments.add, photo, path, text="", picture=PHOTO)
        return await asked

    question, answer = asyncio.run(ask())
    assert [part["type"] for part in question["content"]] == ["text", "image_url"]
    assert answer["content"] == "A dog."


@pytest.mark.parametrize(("part", "file"), PARTS.values(), ids=PARTS.keys())
def test_what_comes_inside_a_message_is_kept_and_what_is_elsewhere_is_named(part: Any, file: HeldFile | None) -> None:
    held = HeldMessages([{"role": "user", "content": [part, {"type": "text", "text": "Look."}]}])

    (message,) = held.messages(0)

    assert held.files == ([file] if file else [])
    shown, text = message.parts
    assert (isinstance(shown, AttachmentPart), text) == (True, TextPart("Look."))
    assert message == Message("user", (file.kept() if file else shown, text))
