"""How servers word that they could answer, but not now: they load, are overloaded, or have no memory left."""

from collections.abc import Mapping

from chatapp.backend.models.openai.retry_after import retry_after_s
from chatapp.backend.models.openai.said import ErrorWords
from chatapp.errors import UpstreamError, UpstreamUnavailableError

_LOADING_WORDS = ("loading model", "model is loading", "currently loading", "still loading", "is being loaded")
_OVERLOADED_CODES = ("overloaded_error", "engine_overloaded_error", "overloaded", "529", "server_overloaded")
_MEMORY_WORDS = (
    "more system memory",
    "out of memory",
    "insufficient memory",
    "insufficient system resources",
    "due to resource limitations",
)
_OVERLOADED_WORDS = (
    "overloaded",
    "over capacity",
    "too busy",
    "at capacity",
    "no available capacity",
    "server is busy",
    "server busy",
)


def busy_error_in(said: ErrorWords, headers: Mapping[str, str]) -> UpstreamError | None:
    """Return the error if the server says that it cannot answer now."""
    wait_s = retry_after_s(headers, said)
    if said.says(*_LOADING_WORDS):
        return UpstreamUnavailableError(
            "the model server is still loading its model.", hint="Ask again in a moment.", retry_after=wait_s
        )
    if said.says(*_MEMORY_WORDS):
        what = "the model server has not enough memory for this model."
        return UpstreamUnavailableError(what, hint="Free some there, or choose a smaller model.", retry_after=wait_s)
    if said.has_code(*_OVERLOADED_CODES) or said.says(*_OVERLOADED_WORDS):
        return UpstreamUnavailableError(
            "the model server reports a failure: it is overloaded.", hint="Ask again later.", retry_after=wait_s
        )
    return None
