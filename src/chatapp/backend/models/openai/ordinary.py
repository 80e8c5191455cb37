"""Chunks of a chat completion as OpenAI sends them, decoded into the few fields that are used.

Almost every chunk is one: the `openai` package's own objects cost more than everything else a token passes through.
"""

from typing import Any, Literal

import msgspec

from chatapp.backend.models.openai.usage import UsageFields


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: Any = None
    annotations: Any = None
    reasoning_details: Any = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    error: Any = None
    logprobs: Any = None


class OrdinaryChunk(msgspec.Struct, gc=False):
    """A chunk of one choice as OpenAI sends it; what it holds else is not decoded."""

    choices: tuple[_Choice]
    usage: UsageFields | None = None
    error: Any = None
    citations: Any = None
    search_results: Any = None

    @property
    def names_pages(self) -> bool:
        """Whether it names pages that the answer goes by."""
        return bool(self.citations or self.search_results)


decode_ordinary = msgspec.json.Decoder(OrdinaryChunk).decode
"""Read a chunk if it is an ordinary one; raises what `UNREADABLE` lists if it is not."""


class _PlainDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: str | None = None
    content: str | None = None
    refusal: None = None
    reasoning_content: None = None
    reasoning: None = None
    tool_calls: None = None


class _PlainChoice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    delta: _PlainDelta
    index: int = 0
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    logprobs: Any = None


class PlainChunk(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A chunk with the fields of OpenAI's own, of which all are known: it says nothing that has to be looked for."""

    choices: list[_PlainChoice]
    id: Any = None
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: Any = None
    model: str | None = None
    service_tier: Any = None
    system_fingerprint: Any = None
    usage: UsageFields | None = None
    obfuscation: Any = None


decode_plain = msgspec.json.Decoder(PlainChunk).decode
"""Read a chunk if there is nothing special about it; raises what `UNREADABLE` lists if there is."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
