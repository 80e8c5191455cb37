"""Answers to questions for embeddings."""

from typing import Any

import msgspec

from chatapp.backend.models.chat_model import EmbeddedText
from chatapp.backend.models.openai.usage import usage_in_json
from chatapp.errors import UpstreamBadResponseError


class _Answer(msgspec.Struct, gc=False):
    """The field that is looked at, and the one without which it is no answer; vectors are not decoded."""

    data: msgspec.Raw
    usage: Any = None


def embedded_text(body: bytes) -> EmbeddedText:
    """Return what a server has answered.

    Raises:
        UpstreamBadResponseError: these are no embeddings.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamBadResponseError("the model server sent no embeddings.", hint="Ask another model.") from None
    return EmbeddedText(body, usage_in_json(answer.usage))
