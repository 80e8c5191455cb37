"""Sentences from other rooms and processes that the page shows in its own language: those that are always the same."""

from string import Formatter

from chatapp.config import demo_model
from chatapp.protocol.wording import Words

_OF_MODELS = "LLM processing failed: "
_ERRORS = (
    _OF_MODELS,
    "Conversations cannot be read or saved: the database does not answer.",
    "Something went wrong in the backend.",
    "The answer failed.",
    "The backend is shutting down.",
    "The backend stopped before the answer was whole.",
    "The conversation is still answering its last question.",
    "The page could not read the answer.",
    "There is no question here that could be answered again.",
    "There is no such attachment.",
    "There is no such conversation.",
    "There is no such message in this conversation.",
    "This backend wants an API key.",
    "This key sees only what it has used itself.",
    "Too many answers are being made.",
    "Too many connections are open.",
    "Too many exports are going on.",
    "Too many imports are going on.",
    "Too many wrong API keys came from this address.",
    "all keys of the model server are limited.",
    "the account has no quota left.",
    "the answer is longer than allowed.",
    "the backend was stopped while it answered.",
    "the connection to the model broke.",
    "the conversation is longer than the model can read.",
    "the model did not begin to answer in time.",
    "the model server cannot be reached in time.",
    "the model server cannot be reached.",
    "the model server does not accept the API key.",
    "the model server is being asked too often.",
    "the model server is still loading its model.",
    "the model server reports a failure.",
    "the model server reports a failure: it is overloaded.",
    "the model server sent no answer.",
    "the model's answer broke off before it began.",
    "the model's answer broke off.",
)
_HINTS = (
    "Ask again in a moment.",
    "Ask again later.",
    "Ask again.",
    "Check BASE_URL.",
    "Check OPENAI_API_KEY.",
    "Check plan and billing of the model server.",
    "Check that it runs and that BASE_URL is its address, or ask again in a moment if it has just started.",
    "Its log says more under this request id.",
    "Its log says more.",
    "Raise MAX_ANSWER_BYTES.",
    "Send the file again.",
    "Start a new chat or shorten the question.",
    "Wait a moment and ask again.",
    "Wait longer with REQUEST_TIMEOUT.",
    "Wait for the answer, or stop it.",
)
_ORIGINS = ("default", "the command that started it", "the environment")
_REASONS = (
    "neither BASE_URL nor OPENAI_API_KEY is set, and no model server was found on this machine",
    "nothing else is configured",
)
_NOTICES = ("What came before this was thought, not said.",)
WITH_PLACES = (
    "Cannot connect to backend at {url}.",
    "Left out to fit the model's context: {files}.",
    "Left out, as the model does not take them: {files}.",
    "More requests than RATE_LIMIT allows ({rate}).",
    "Not kept here, so that the model does not see it: {files}.",
    "Of {files} the model reads only the parts that fit the question.",
    "The backend at {url} said nothing for {seconds} seconds.",
    "The connection to the backend at {url} ended before the answer did.",
    "The model does not take {name}; it was left out.",
    "This answer is not saved yet. {why}",
    "the model server does not have {model}.",
    "the model server reports a failure (status {status}).",
    "[connections.{name}] names it",
    "{name} is set",
    "{name} was found on port {port}",
    "{count} earlier messages were left out to fit the model's context.",
    "{count} earlier message was left out to fit the model's context.",
    "{model} failed a moment ago; {other} is asked instead.",
)
"""Those that name something; two of them never stand side by side."""
SAID_ELSEWHERE = (*_ERRORS, *_HINTS, *_ORIGINS, *_REASONS, *_NOTICES)
ELSEWHERE = (demo_model.WHAT, demo_model.ADVICE, demo_model.SETTINGS, *SAID_ELSEWHERE, *WITH_PLACES)


def said_elsewhere(sentence: str, t: Words) -> str:
    """Return what an error or a notice says, in the words `t` as far as it always says the same."""
    rest = sentence.removeprefix(_OF_MODELS)
    if rest != sentence:
        return f"{t(_OF_MODELS)}{_said(rest, t)}"
    return _said(sentence, t)


def _said(sentence: str, t: Words) -> str:
    if (known := t(sentence)) != sentence:
        return known
    for message in WITH_PLACES:
        if (values := _values(sentence, message)) is not None:
            return t(message, **values)
    return sentence


def _values(sentence: str, message: str) -> dict[str, str] | None:
    """Return what stands in the places of `message` where `sentence` is made of it."""
    values: dict[str, str] = {}
    place, end = "", 0
    for literal, name, _, _ in Formatter().parse(message):
        is_last = name is None and place  # an address has points of its own
        start = sentence.rfind(literal, end) if is_last else sentence.find(literal, end) if literal else end
        if start < 0 or (start > end and not place):
            return None
        if place:
            values[place] = sentence[end:start]
        place, end = name or "", start + len(literal)
    if place:
        values[place], end = sentence[end:], len(sentence)
    return values if end == len(sentence) else None
