"""Whether a model takes pictures and sound: what servers tell in `GET /v1/models`, and what names say."""

from collections.abc import Iterable, Mapping
from typing import Any

from chatapp.providers.listing import entries_in, name_of

MEDIA = ("images", "audio")
"""What a question can hold beside text, in the words of the file of connections."""

IMAGE_COUNT = "image_count"
"""What a model does not take that sees, but not so many pictures at a time."""

IMAGE_FORM = "image_form"
"""What it does not take where a picture is too large, too small, or not what it says it is."""

MEDIUM_OF = {"image_url": "images", "input_audio": "audio"}
"""What a part of a message holds, by its type in OpenAI's API."""

Modalities = Mapping[str, bool]
"""By the names of `MEDIA`, as far as somebody has said so."""

_WORDS = {"images": {"image", "images", "vision", "multimodal"}, "audio": {"audio"}}
_LISTS = ("input_modalities", "supported_input_modalities", "inputModalities", "capabilities")
"""OpenRouter and xAI, GitHub Models, Google, llama.cpp."""
_FLAGS = {"vision": "images", "image_input": "images", "audio_input": "audio", "supportsVision": "images"}
"""Mistral, Anthropic, Venice."""
_SEEING = (
    "vision", "-vl", "vl-", "vl:", "llava", "pixtral", "moondream", "minicpm-v", "4o", "gpt-4.1", "gpt-5", "claude",
    "gemini", "gemma-3", "gemma3", "llama-4", "llama4",
)  # fmt: skip
"""Parts of the names of models that see."""


def modalities_in(listing: object) -> dict[str, Modalities]:
    """Return what the answer of `GET /v1/models` says that each model takes."""
    described = [*entries_in(listing), *_beside(listing)]
    found: dict[str, Modalities] = {}
    for entry in described:
        if (name := name_of(entry)) and (told := _told(entry)):
            found[name] = {**found.get(name, {}), **told}
    return found


def refused_medium(parameter: str | None) -> str | None:
    """Return which of `MEDIA` a refusal that blames `parameter` is about, None for anything else."""
    return "images" if parameter in {IMAGE_COUNT, IMAGE_FORM} else parameter if parameter in MEDIA else None


def media_in(sent: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return which of `MEDIA` are among parts of messages in OpenAI's API."""
    return {MEDIUM_OF[part["type"]] for part in sent if part.get("type") in MEDIUM_OF}


def seems_to_see(model: str) -> bool:
    """Return whether a model takes pictures, as far as its name tells."""
    return any(part in model.lower() for part in _SEEING)


def _beside(listing: object) -> list[Mapping[str, Any]]:
    """Return what llama.cpp says of its model in `models`, beside OpenAI's `data`."""
    beside = listing.get("models") if isinstance(listing, Mapping) and "data" in listing else None
    return entries_in({"models": beside})


def _told(entry: Mapping[str, Any]) -> dict[str, bool]:
    spec = entry.get("model_spec")  # Venice's; Volcengine has `modalities`
    described = spec if isinstance(spec, Mapping) else entry
    around = (entry.get("architecture"), entry.get("modalities"), described.get("capabilities"))
    sources = [entry, *(part for part in around if isinstance(part, Mapping))]
    taken: dict[str, bool] = {}
    for source in sources:
        taken |= {_FLAGS[name]: _flag(source[name]) for name in _FLAGS if isinstance(source.get(name), bool | Mapping)}
        words = next((source[name] for name in _LISTS if isinstance(source.get(name), list)), None)
        if words is not None:
            said = {str(word).lower() for word in words[:100]}
            taken |= {medium: bool(said & _WORDS[medium]) for medium in MEDIA}
    return taken


def _flag(value: bool | Mapping[str, Any]) -> bool:
    return bool(value.get("supported")) if isinstance(value, Mapping) else value
