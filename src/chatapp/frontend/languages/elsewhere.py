"""Sentences from other rooms and processes that the page shows in its own language: those that are always the same."""

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
    "Wait for the answer, or stop it.",
)
_ORIGINS = ("default", "the command that started it", "the environment")
_NOTICES = ("What came before this was thought, not said.",)
SAID_ELSEWHERE = (*_ERRORS, *_HINTS, *_ORIGINS, *_NOTICES)
ELSEWHERE = (demo_model.WHAT, demo_model.ADVICE, demo_model.SETTINGS, *SAID_ELSEWHERE)


def said_elsewhere(sentence: str, t: Words) -> str:
    """Return what an error says, in the words `t` as far as it always says the same."""
    rest = sentence.removeprefix(_OF_MODELS)
    return t(sentence) if rest == sentence else f"{t(_OF_MODELS)}{t(rest)}"
