"""How servers word that they could answer, but not now: they load, are overloaded, or have no memory left."""

from collections.abc import Mapping

from chatapp.backend.models.openai.retry_after import retry_after_s
from chatapp.backend.models.openai.said import ErrorWords
from chatapp.errors import UpstreamError, UpstreamUnavailableError

_LOADING_WORDS = ("loading model", "model is loading", "currently loading", "still loading", "is being loaded",
                  "scaling up", "scaledtozero", "no instances available", "warming up", "model is not ready",
                  "is starting", "starting up", "cold start", "model swap", "is sleeping")  # fmt: skip
_NOT_LOADED = "error loading model"
"""What llama.cpp says, and Ollama passes on, where a model cannot be loaded at all."""
_OVERLOADED_CODES = ("overloaded_error", "engine_overloaded_error", "overloaded", "529", "server_overloaded",
                     "queue_exceeded", "3505")  # fmt: skip
_MEMORY_WORDS = (
    "more system memory",
    "out of memory",
    "insufficient memory",
    "insufficient system resources",
    "due to resource limitations",
    "unable to allocate",
    "[metal::malloc]",
)
"""The last is Apple's, which LM Studio and other servers of MLX pass on."""
_OVERLOADED_WORDS = (
    "overload", "over capacity", "too busy", "at capacity", "at maximum capacity", "no available capacity",
    "capacity exceeded", "capacity temporarily exceeded", "server is busy", "server busy", "workers are busy",
    "queue is full", "high traffic", "high demand", "model busy", "服务繁忙", "访问量过大", "负载已饱和",
)  # fmt: skip
"""The last are Zhipu's, and of gateways made with one-api."""
_MISWRITTEN_CODES = ("tool_use_failed", "json_validate_failed")
_MISWRITTEN_WORDS = ("produced output that does not match the expected",)
"""How Groq and llama.cpp say that the model has written what they cannot read."""


def is_overloaded(said: ErrorWords) -> bool:
    """Return whether the server says that it has too much to do, whoever asks."""
    return said.has_code(*_OVERLOADED_CODES) or said.says(*_OVERLOADED_WORDS)


def busy_error_in(said: ErrorWords, headers: Mapping[str, str]) -> UpstreamError | None:
    """Return the error if the server says that it cannot answer now."""
    wait_s = retry_after_s(headers, said)
    if said.says(*_MEMORY_WORDS):
        what = "the model server has not enough memory for this model."
        return UpstreamUnavailableError(what, hint="Free some there, or choose a smaller model.", retry_after=wait_s)
    if said.says(*_LOADING_WORDS) and not said.says(_NOT_LOADED):
        return UpstreamUnavailableError(
            "the model server is still loading its model.", hint="Ask again in a moment.", retry_after=wait_s
        )
    if said.has_code(*_MISWRITTEN_CODES) or said.says(*_MISWRITTEN_WORDS):
        what = "the model has written a call of a tool, or JSON, that its server cannot read."
        return UpstreamUnavailableError(what, hint="Ask again, or choose another model.")
    if is_overloaded(said):
        return UpstreamUnavailableError(
            "the model server reports a failure: it is overloaded.", hint="Ask again later.", retry_after=wait_s
        )
    return None
