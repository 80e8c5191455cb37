"""What a call can take at most, and what it has probably taken: of pictures and sound too."""

from typing import Any

import pytest

from chatapp.backend.models.chat_model import ModelRequest
from chatapp.backend.turns.estimate import likely_usage
from chatapp.backend.usage.ceilings import ceiling_of
from chatapp.protocol.messages import AttachmentPart, Message, TextPart

PICTURE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "A" * 3_100_000, "format": "mp3"}}
PDF = {"type": "file", "file": {"file_data": "A" * 30_000}}
QUESTION = Message("user", (AttachmentPart("a.png", "image/png", 9, "id"), TextPart("What is it?")))

# what vendors count for the largest of them, by their own rules, and what is put aside
MOST = {
    "a tile of GPT-4o": ("gpt-4o", PICTURE, 85 + 8 * 170, 20_100),
    "patches of GPT-5.4": ("gpt-5.4", PICTURE, 17_200, 20_100),
    "pixels of Claude": ("claude-opus-5", PICTURE, 4784, 20_100),
    "patches of Qwen": ("qwen3-vl", PICTURE, 16_384, 20_100),
    "a tile of GPT-4o mini": ("openai/gpt-4o-mini-2024-07-18", PICTURE, 2833 + 8 * 5667, 50_100),
    "39 minutes of sound": ("gemini-3-flash", SOUND, 39 * 60 * 32, 120_100),
    "a file": ("gpt-5.4", PDF, 30_000, 50_100),
}


@pytest.mark.parametrize("what", MOST)
def test_for_each_picture_is_put_aside_what_no_vendor_passes(what: str) -> None:
    model, part, counted, most = MOST[what]
    text = {"type": "text", "text": "What is it?"}
    sent = ModelRequest([], model=model, wire_messages=[{"role": "user", "content": [text, part]}])
    assert counted <= ceiling_of(sent, None).prompt <= most


def test_attached_pictures_count_where_they_are_sent() -> None:
    with_picture = ModelRequest([QUESTION, QUESTION], media={"id": PICTURE})
    without = ModelRequest([QUESTION, QUESTION])
    assert ceiling_of(with_picture, None).prompt - ceiling_of(without, None).prompt == 40_000
    assert likely_usage(with_picture).prompt_tokens - likely_usage(without).prompt_tokens == 2400
