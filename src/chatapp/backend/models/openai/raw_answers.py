"""Answers to questions that are passed on as they are."""

from typing import Any

import msgspec

from chatapp.backend.models.chat_model import RawAnswer, RawKind
from chatapp.backend.models.openai.usage import usage_in_json
from chatapp.errors import UpstreamBadResponseError


class _Embeddings(msgspec.Struct, gc=False):
    """The field that is looked at, and the one without which it is no answer; vectors are not decoded."""

    data: msgspec.Raw
    usage: Any = None


class _Completions(msgspec.Struct, gc=False):
    choices: msgspec.Raw
    usage: Any = None


_KINDS: dict[RawKind, type[_Embeddings | _Completions]] = {"embeddings": _Embeddings, "completions": _Completions}


def raw_answer(kind: RawKind, body: bytes) -> RawAnswer:
    """Return what a server has answered.

    Raises:
        UpstreamBadResponseError: it is no answer.
    """
    try:
        answer = msgspec.json.decode(body, type=_KINDS[kind])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamBadResponseError(f"the model server sent no {kind}.", hint="Ask another model.") from None
    return RawAnswer(body, usage_in_json(answer.usage))
