"""What stands in a message of ChatGPT: text, pictures, code, canvases."""

from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder, recording
from chatapp.backend.transfer.importers.chatgpt_marks import without_marks
from chatapp.backend.transfer.importers.fields import (
    Json,
    decoded,
    fenced,
    mapping,
    objects,
    paragraphs,
    sequence,
    string,
)
from chatapp.protocol.messages import AttachmentPart

CANVAS = "canmore."

_RESEARCH = "is_async_task_result_message"
"""What marks the report that a deep research ends with."""

_LABELS = {"content_type", "language", "response_format_name"}
_POINTERS = {
    "image_asset_pointer": picture,
    "audio_asset_pointer": recording,
    "real_time_user_audio_video_asset_pointer": recording,
    "video_container_asset_pointer": recording,
}


def said(content: Json, metadata: Json) -> tuple[str, tuple[AttachmentPart, ...]]:
    """Return what can be read of a message, with a line for each file, and the files."""
    parts, quoted = sequence(content.get("parts")), string(metadata.get("targeted_reply"))
    if (
        not quoted
        and not metadata.get("attachments")
        and len(parts) == 1
        and isinstance(parts[0], str)
        and not content.get("text")
    ):
        return without_marks(parts[0].strip("\n"), metadata), ()
    names = {string(known.get("id")): known for known in objects(metadata.get("attachments"))}
    shown, files = [], []
    has_words = any(_words(part) for part in parts)
    for part in parts:
        file = _file(part, names)
        if file is None:
            shown.append(_words(part))
        else:
            files.append(file)
            is_written_down = has_words and mapping(part).get("content_type") != "image_asset_pointer"
            shown.append("" if is_written_down else placeholder(file))
    others = [_attached(known) for known in names.values()]
    above = ["> " + quoted.strip().replace("\n", "\n> ")] if quoted.strip() else []
    text = paragraphs(*map(placeholder, others), *above, *shown, _other_words(content))
    return without_marks(text, metadata), (*others, *files)


def reasoning(content: Json) -> str:
    """Return what the model thought, or what is said about it."""
    thoughts = objects(content.get("thoughts"))
    texts = (string(thought.get("content")) or string(thought.get("summary")) for thought in thoughts)
    return without_marks(paragraphs(*texts), {})


def made(content: Json, metadata: Json) -> tuple[str, tuple[AttachmentPart, ...]]:
    """Return what a tool has made for the reader: pictures, a report, drawings of code."""
    parts = objects(content.get("parts"))
    if metadata.get(_RESEARCH) or any(part.get("content_type") == "image_asset_pointer" for part in parts):
        return said(content, metadata)
    outputs = objects(mapping(metadata.get("aggregate_result")).get("messages"))
    keys = (string(one.get("image_url")).rpartition("/")[2] for one in outputs if one.get("message_type") == "image")
    drawn = tuple(picture(reference=beside(key)) for key in keys if key)
    return paragraphs(*map(placeholder, drawn)), drawn


def holds_something(content: Json) -> bool:
    """Return whether a content of a kind that is not known holds anything to read."""
    values = [value for name, value in content.items() if name not in _LABELS]
    return any(value and value != [""] for value in values)


def canvas(content: Json) -> str:
    """Return the text that a call to the canvas writes, or the passages that it changes."""
    written = string(content.get("text")) or paragraphs(*(string(part) for part in sequence(content.get("parts"))))
    call = mapping(decoded(written))
    kind, _, language = string(call.get("type")).partition("/")
    texts = [string(call.get("content"))]
    texts += [string(change.get("replacement")) for change in objects(call.get("updates"))]
    shown = [fenced(text, language) if kind == "code" else text for text in texts if text.strip()]
    title = string(call.get("name"))
    return without_marks(paragraphs(f"**{title}**" if title and shown else "", *shown), {})


def _words(part: object) -> str:
    if isinstance(part, dict):
        part = part.get("text")
    return string(part)


def _other_words(content: Json) -> str:
    """Return what stands outside the parts: code, errors, and kinds of content that are not known yet."""
    text = string(content.get("text"))
    if content.get("content_type") == "code" and text:
        language = string(content.get("language"))
        return fenced(text, "" if language == "unknown" else language)
    return text


def _file(part: object, names: dict[str, Json]) -> AttachmentPart | None:
    """Return the file that a part points to, with its name from `names`, which loses it; None for words."""
    fields = mapping(part)
    if not fields or "text" in fields:
        return None
    pointers = [value for value in (fields, *fields.values()) if mapping(value).get("asset_pointer")]
    pointer = pointers[0] if pointers else {}
    key = string(pointer.get("asset_pointer")).rpartition("/")[2].partition("#")[0]
    known = names.pop(key, {})
    make = _POINTERS.get(string(fields.get("content_type")), attachment)
    return make(known.get("name"), media_type=_media_type(known), size=pointer.get("size_bytes"), reference=beside(key))


def _attached(known: Json) -> AttachmentPart:
    return attachment(known.get("name"), _media_type(known), known.get("size"), beside(known.get("id")))


def _media_type(known: Json) -> str:
    return string(known.get("mime_type")) or string(known.get("mimeType"))
