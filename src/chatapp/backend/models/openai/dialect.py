"""What a server takes of one model: learned from what it refuses, remembered for as long as the process lives."""

import logging
from collections.abc import Callable, Iterable
from functools import partial

from chatapp.backend.models.by_model import make_room
from chatapp.backend.models.openai.message_forms import MESSAGE_FORMS, Json, without, without_system
from chatapp.backend.models.openai.refused_parameter import PENALTIES, SYSTEM_ROLE
from chatapp.errors import UpstreamParameterRefusedError
from chatapp.protocol.events import Notice
from chatapp.providers.modalities import MEDIA

MOST_FORMS = 4
"""How often one question is worded anew. A server that then still refuses takes none."""

_REQUIRED = {"model", "messages", "stream", "tools", "tool_choice", "functions", "response_format"}
"""What is not left out: without it the answer would be to another question."""
_EFFORT = "reasoning_effort"
_LONGEST_VALUE = 20
_MOST_CHANGES = 32
_RIVALS = {"temperature", "top_p"}
_LEAST_TOP_P = 1e-6
"""What 0 means, for servers that do not take 0: vLLM."""

_NEVER = (
    b"unsupported", b"not support", b"n't support", b"unrecognized", b"unknown", b"not permitted", b"not allowed",
    b"unexpected", b"extra", b"only the default", b"extra_forbidden", b"cannot find field", b"deprecated",
    b"only be set to", b"must be verified", b"is allowed for this model", b"not recognized", b"invalid parameter",
    b"not implemented", b"not accept", b"cannot be used", b"not contain", b"no longer", b"not compatible",
    b"in place of", b"not enabled",
)  # fmt: skip
"""How servers say that they take a parameter with no value. Other words are about the value, which is the user's."""

log = logging.getLogger(__name__)


class Dialect:
    """The form in which one server takes questions to one model. It is the usual one until it has refused something.

    `without` is what it is known not to take, in the words of the file of connections.
    """

    def __init__(self, without: Iterable[str] = ()) -> None:
        self._refused = {_ROLE_OF.get(name, name): _form_without(name) for name in sorted({*without} - {*MEDIA})}

    def worded(self, body: Json) -> Json:
        """Return `body` in this form; the same object where nothing is to be changed."""
        for change in self._refused.values():
            body = change(body)
        return body

    def learn(self, parameter: str, said: bytes, body: Json) -> None:
        """Note that `parameter` of `body` was refused with the words `said`, if there is another form to try."""
        name, change = parameter, _change_for(parameter, said, body, self._refused)
        value = body.get(parameter)
        if parameter == _EFFORT and isinstance(value, str) and _is_about_value(value, said):
            name, change = (
                f"{parameter} {value[:_LONGEST_VALUE]!r}",
                partial(_effort_instead, value, _effort_wanted(said)),
            )
        if change is not None and len(self._refused) < _MOST_CHANGES:
            self._refused[name] = change
            log.info("the server of the model %r refuses %s, and is asked in another form", body["model"], name)

    def adapt(self, refused: UpstreamParameterRefusedError, body: Json) -> bool:
        """Return whether `body` has another form now that it was refused in a stream."""
        before = self.worded(body)
        self.learn(str(refused.parameter), refused.words.encode(), body)
        return self.worded(body) != before

    def notices(self, body: Json) -> list[Notice]:
        """Return what readers are to know: which parameters of theirs the server does not take."""
        if not self._refused:
            return []
        sent = self.worded(body)
        gone = [name for name in body if name not in sent and name not in {"stream_options", "stop"}]
        if sent.get(_EFFORT, body.get(_EFFORT)) != body.get(_EFFORT):
            gone.append(_EFFORT)
        if "max_completion_tokens" in sent:
            gone = [name for name in gone if name != "max_tokens"]
        return [Notice("parameter_left_out", f"The model does not take {name}; it was left out.") for name in gone]


class Dialects:
    """The dialect of each model of one connection."""

    def __init__(self, without: Iterable[str] = ()) -> None:
        self._without = frozenset(without)
        self._by_model: dict[str, Dialect] = {}

    def of(self, model: str) -> Dialect:
        """Return the dialect of `model`."""
        dialect = self._by_model.get(model)
        if dialect is None:
            make_room(self._by_model)
            dialect = self._by_model[model] = Dialect(self._without)
        return dialect


def _change_for(
    parameter: str, said: bytes, body: Json, refused: dict[str, Callable[[Json], Json]]
) -> Callable[[Json], Json] | None:
    if parameter in MESSAGE_FORMS:
        return None if parameter in refused else MESSAGE_FORMS[parameter]
    words = said.lower()
    if parameter in _RIVALS and b"cannot both be" in words:
        return _with_one_of_both if body.keys() >= _RIVALS else None
    if parameter == "top_p" and body.get("top_p") == 0 and parameter not in refused:
        return _with_least_top_p
    if parameter != "stream_options" and not any(phrase in words for phrase in _NEVER):
        return None
    if parameter in _OTHER_FORMS and parameter not in refused:
        return _OTHER_FORMS[parameter]
    can_go = parameter in {"stream_options", "max_tokens", "max_completion_tokens", *body} - _REQUIRED
    return _form_without(parameter) if can_go else None


def _is_about_value(value: str, said: bytes) -> bool:
    """Return whether a refusal may be about a value of the effort alone: another one may be taken.

    It names the value or another, or does not say that the parameter is never taken.
    """
    words = said.lower()
    if _effort_wanted(said):
        return True
    quoted = (b"%s%s%s" % (quote, value.lower().encode(), quote) for quote in (b"'", b"`", b'"', b'\\"'))
    return any(word in words for word in quoted) or not any(phrase in words for phrase in _NEVER)


def _effort_wanted(said: bytes) -> str | None:
    """Return the effort that the server asks for, as OpenAI does beside tools; None where leaving it out will do."""
    return "none" if b"set reasoning_effort to 'none'" in said.lower() else None


def _effort_instead(value: str, wanted: str | None, body: Json) -> Json:
    if body.get(_EFFORT) != value:
        return body
    return {**body, _EFFORT: wanted} if wanted and wanted != value else without(body, _EFFORT)


def _form_without(parameter: str) -> Callable[[Json], Json]:
    """Return what takes `parameter` out of a question, or what the system says to where it is taken."""
    if parameter == "system":
        return without_system
    return partial(without, name=parameter)


def _with_least_top_p(body: Json) -> Json:
    return {**body, "top_p": _LEAST_TOP_P} if body.get("top_p") == 0 else body


def _with_one_of_both(body: Json) -> Json:
    """Return `body` without `top_p` where it has a temperature too: Claude takes one of them."""
    return without(body, "top_p") if body.keys() >= _RIVALS else body


def _whole(body: Json) -> Json:
    """Return `body` as a question for an answer in one piece: all that OpenAI gives to who is not verified."""
    return {**without(body, "stream_options"), "stream": False}


def _without_penalties(body: Json) -> Json:
    return without(without(body, "frequency_penalty"), "presence_penalty")


def _with_max_completion_tokens(body: Json) -> Json:
    if "max_tokens" not in body:
        return body
    return {**without(body, "max_tokens"), "max_completion_tokens": body["max_tokens"]}


_OTHER_FORMS = {"max_tokens": _with_max_completion_tokens, "stream": _whole, PENALTIES: _without_penalties}
_ROLE_OF = {"system": SYSTEM_ROLE}
