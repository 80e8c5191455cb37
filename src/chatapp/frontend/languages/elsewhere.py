"""Sentences from other rooms and processes that the page shows in its own language: those that are always the same."""

from string import Formatter

from chatapp.config import demo_model
from chatapp.errors import ChatappError
from chatapp.frontend.languages.of_connections import OF_CONNECTIONS, as_usual, no_model_answered
from chatapp.frontend.languages.of_errors import OF_ERRORS, OF_MODELS
from chatapp.frontend.languages.of_files import OF_FILES
from chatapp.protocol.wording import Words

_ORIGINS = ("default", "the command that started it", "the environment")
_REASONS = (
    "neither BASE_URL nor OPENAI_API_KEY is set, and no model server was found on this machine",
    "nothing else is configured",
)
_ALLOWED = (
    "an address that starts with http:// or https://",
    "an address whose port is a number up to 65535",
    "an address without `?` and `#`",
    "an address without a user name or password in it",
    "made of plain letters, digits and signs",
    "the key itself: a variable that holds it is named by `api_key_variable`",
)
_NOTICES = ("What came before this was thought, not said.",)
WITH_PLACES = (
    "{name} has no pages to choose from.",
    "{name} has no page {number}: its last is {count}.",
    "{name} has no sheet {number}: its last is {count}.",
    "{name} has no slide {number}: its last is {count}.",
    "{name} has no chapter {number}: its last is {count}.",
    "A prompt cannot be called {name}.",
    "All uploads that are going on are larger than {size}.",
    "Ask again in a moment. It renews on {day} at {time} UTC.",
    "Ask again in {count} hours.",
    "Ask again in {count} minutes.",
    "Ask for {names}.",
    "Check {variable}.",
    "Cannot connect to backend at {url}.",
    "Charts in it are left out: {count}.",
    "Conversations cannot be read or saved: {place} is another program's database.",
    "Files in it are left out: {files}.",
    "Formulas in it without a value are left out: {count}.",
    "Formulas, charts and other objects in it are left out: {count}.",
    "It is damaged ({name}).",
    "It renews on {day} at {time} UTC.",
    "Known are those of {names}.",
    "Leave {name} out, or choose another value or model.",
    "Left out to fit the model's context: {files}.",
    "Left out, as the model does not take them: {files}.",
    "Left out, as they have no words and no more pages are shown at a time: {files}.",
    "More requests than RATE_LIMIT allows ({rate}).",
    "No list of models is there (status {status}); most addresses end in /v1.",
    "No server can be reached at {address}.",
    "Not kept here, so that the model does not see it: {files}.",
    "Nobody knows what {model} costs, so that the budget of {whose} cannot hold.",
    "Nothing came from {address} within {seconds} seconds.",
    "Nothing in the file of the project has words of the question, so the model reads none of it.",
    "Nothing in the {count} files of the project has words of the question, so the model reads none of it.",
    "Of the file of the project the model reads the parts that fit the question, from {name}.",
    "Of the {count} files of the project the model reads the parts that fit the question, "
    "from {names} and {more} more.",
    "Of the {count} files of the project the model reads the parts that fit the question, from {names}.",
    "Of {files} the model reads only the parts that fit the question.",
    "Only its first {count} characters are read.",
    "Only the first of its {count} pictures is shown.",
    "Others that can be asked: {names}.",
    "Pages without words, as scans are: {pages}.",
    "Pictures in it are left out: {count}.",
    "Set {variable}.",
    "The backend at {url} said nothing for {seconds} seconds.",
    "The budget of {whose} has not enough left: {spent} of {limit} a day spent, and {reserved} put aside for answers "
    "that are being made.",
    "The budget of {whose} has not enough left: {spent} of {limit} a day spent.",
    "The budget of {whose} has not enough left: {spent} of {limit} a month spent, and {reserved} put aside for answers "
    "that are being made.",
    "The budget of {whose} has not enough left: {spent} of {limit} a month spent.",
    "The certificate of {address} is not one that this machine trusts.",
    "The conversations were written by a newer chatapp (version {version} of its tables, this one knows {known}).",
    "The connection to the backend at {url} ended before the answer did.",
    "The file is no export that can be read: {why}.",
    "The key of {name} is for {before}, not for {place}.",
    "The model does not take {name}; it was left out.",
    "The server at {address} does not take this key (status {status}).",
    "The upload is larger than {size}.",
    "The prompt {name} is not saved.",
    "There are {count} prompts already.",
    "There is a prompt called {name} already.",
    "These do: {names}.",
    "This answer is not saved yet. {why}",
    "With {name} your attachments pass {bytes} bytes (ATTACHMENT_QUOTA_BYTES).",
    "You have {count} projects.",
    "[connections.{name}] names it",
    "several connections have the model {name}.",
    "the model server answers in the words of {api}, not with a chat completion.",
    "the model server does not accept the request (status {status}).",
    "the model server does not have the model {model}.",
    "the model server does not have this model.",
    "the model server does not take a {name}.",
    "the model server has no chat at this address (status {status}).",
    "the model server reports a failure (status {status}).",
    "the variable {variable} with the API key is not set.",
    "{count} earlier message was left out to fit the model's context.",
    "{count} earlier messages were left out to fit the model's context.",
    "{model} can read less than this; {other} is asked instead.",
    "{model} failed a moment ago; {other} is asked instead.",
    "{name} cannot be attached: {why}",
    "{name} cannot be deleted: {why}",
    "{name} cannot be written: {why}",
    "{name} must be {allowed}.",
    "{name} has nothing that conversations of the project could read.",
    "{name} is set",
    "{name} was found on port {port}",
    "{variable} holds no API key that can be sent.",
    "{share} % of the budget of {whose} is spent: {spent} of {limit} a day. It renews on {day}.",
    "{share} % of the budget of {whose} is spent: {spent} of {limit} a month. It renews on {day}.",
    "named otherwise, as {text} is a connection that is there without this file",
    "named with letters, digits, `.`, `_` and `-`, and not {text}",
)
"""Those that name something; two of them never stand side by side. What `why` and `allowed` stand for is one too, a
`variable` is one word."""
_SENTENCES = frozenset({"why", "allowed"})
_WHOSE = ("all keys together", "the connection {name}")
"""What `whose` stands for, where it is not the name of a key."""
_TOKENS, _MOST_DIGITS = " tokens", 18
FAILED_OVER = (
    "{model} did not answer: {why} {other} is asked instead.",
    "{model} is not asked: {why} {other} is asked instead.",
)
"""Those in which something stands beside a sentence."""
SAID_ELSEWHERE = (*OF_ERRORS, *_ORIGINS, *_REASONS, *_ALLOWED, *_NOTICES, *OF_FILES)
ELSEWHERE = (
    demo_model.WHAT,
    demo_model.ADVICE,
    demo_model.SETTINGS,
    *SAID_ELSEWHERE,
    *WITH_PLACES,
    *FAILED_OVER,
    *_WHOSE,
    *OF_CONNECTIONS,
)


def said_elsewhere(sentence: str, t: Words) -> str:
    """Return what an error or a notice says, in the words `t` as far as it always says the same."""
    rest = sentence.removeprefix(OF_MODELS)
    if rest != sentence:
        return f"{t(OF_MODELS)}{_said(rest, t)}"
    return _said(sentence, t)


def sentence_elsewhere(error: ChatappError, t: Words) -> str:
    """Return what happened and what to do about it, in the words `t` as far as they are known."""
    return " ".join(filter(None, (said_elsewhere(error.detail, t), said_elsewhere(error.hint or "", t))))


def _said(sentence: str, t: Words) -> str:
    if (known := t(sentence)) != sentence:
        return known
    if (named := as_usual(sentence)) is not None:
        usual, own = named
        return (
            shown.replace(own.usual, t(own.message, **own.values)) if (shown := _said(usual, t)) != usual else sentence
        )
    if failures := no_model_answered(sentence):
        return " ".join(
            (t("no model answered."), *(f"{t.isolated(model)}: {_said(why, t)}" for model, why in failures))
        )
    if (passed_over := _passed_over(sentence, t)) is not None:
        return passed_over
    for message in WITH_PLACES:
        if (values := values_in(sentence, message)) is not None and " " not in values.get("variable", ""):
            return t(message, **{name: _placed(name, it, t) for name, it in values.items()})
    return sentence


def _placed(place: str, value: str, t: Words) -> str:
    """Return what stands in a place, in the words `t` where it is more than a name."""
    if place in _SENTENCES:
        return _said(value, t)
    if place == "whose":
        everybody, connection = _WHOSE
        name = value.removeprefix(connection.removesuffix("{name}"))
        return t(everybody) if value == everybody else t(connection, name=name) if name != value else value
    number = value.removesuffix(_TOKENS).replace(",", "")
    if value.endswith(_TOKENS) and number.isdecimal() and len(number) <= _MOST_DIGITS:
        return t("{count} token", plural="{count} tokens", count=int(number))
    return value


def _passed_over(sentence: str, t: Words) -> str | None:
    """Return that another model is asked, and why; None where a sentence does not say so."""
    rest = sentence.removesuffix(" is asked instead.")
    if rest == sentence:
        return None
    for message in FAILED_OVER:
        model, found, behind = rest.partition(message.removeprefix("{model}").partition("{")[0])
        why, _, other = behind.rpartition(" ")
        if found and why:
            return t(message, model=model, why=_said(why, t), other=other)
    return None


def values_in(sentence: str, message: str) -> dict[str, str] | None:
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
