"""How servers word that they do not have a model, or not for this."""

from chatapp.backend.models.openai.said import ErrorWords
from chatapp.errors import UpstreamAuthError, UpstreamError, UpstreamModelNotFoundError

_CODES = ("model_not_found", "modelnotfound", "model_not_available", "unknown_model", "invalid_model",
          "deploymentnotfound", "model_not_supported", "model_decommissioned", "1211", "30003",
          "key_model_access_denied", "team_model_access_denied", "user_model_access_denied",
          "org_model_access_denied", "project_model_access_denied")  # fmt: skip
"""The last are LiteLLM's, which says them with status 401: the key is good, but not for this model."""
_WORDS = (
    "invalid model name", "model not found", "model_not_found", "no such model", "unknown model", "is pinned to",
    "not a valid model", "model not exist", "model does not exist", "try pulling it first", "model is not supported",
    "unsupported model", "does not have access to model", "has been decommissioned", "with on-demand throughput",
    "reached its end of life", "non-serverless model", "invalid model identifier", "model identifier is invalid",
    "invalid model:", "invalid `model`", "find real modelid", "provider not provided", "unknown provider for model",
    "provider found for model",
    "no keys found that support model", "provider/model format", "failed to parse model uri",
    "could not find suitable", "only configured model", "unavailable model:",
    "not a supported model", "an appropriate cached snapshot", "repository not found",
    "模型不存在", "模型名称错误", "无可用渠道",
)  # fmt: skip
"""The last are Zhipu's, and of gateways made with one-api: no such model, no channel for it. Those before them are
Hugging Face's, which mlx-vlm's server passes on.
"""
_MISSING = ("does not exist", "doesn't exist", "not found", "not available", "not loaded", "not deployed")
_GONE = ("is not supported", "not supported", "has been deprecated", "has been retired")
"""What is said of parameters, too, and counts right behind the name of the model."""
_MARKS = ("", "'", '"', "`")
_NAMES_ONE = ("model '", 'model "', "model `")
_OF_MODELS = (
    (
        ("no models loaded", "no model is loaded", "no model loaded", "model unloaded", "model is unloaded",
         "model was unloaded", "no models are currently loaded", "model has not been loaded", "model is not loaded",
         "endpoint is paused"),
        "the model server has not loaded any model.",
        "Load one there, and ask again.",
    ),
    (
        ("unknown model architecture",),
        "the model server cannot load this model: it may be too old for it.",
        "Choose another model.",
    ),
    (
        ("data policy", "guardrail restrictions", "no allowed providers"),
        "nobody offers this model under the settings of your account.",
        "Change them at the model server, or choose another model.",
    ),
    (
        ("has not activated the model", "use case details have not been submitted"),
        "your account has yet to be given this model.",
        "Ask for it at the model server, or choose another model.",
    ),
    (
        ("support chat completions", "does not support chat", "not a chat model", "not in v1/chat/completions",
         "only supports interactions api", "multiturn chat is not enabled", "response modalities (text)",
         "must provide a chat template", "chat_template is not set", "does not work with the specified model",
         "not accessible via the /chat/completions"),
        "this model is not one to chat with.",
        "Choose another model.",
    ),
)  # fmt: skip
"""What servers say of a model that they know, in our words, and what to do: OpenRouter, LM Studio, Groq, Google."""


def model_not_found(
    model: str, *, hint: str = "Set MODEL_NAME to one it has, and check BASE_URL."
) -> UpstreamModelNotFoundError:
    """Return the error for a model server without `model`."""
    named = f"the model {model[:100]!r}" if model else "this model"
    return UpstreamModelNotFoundError(f"the model server does not have {named}.", hint=hint)


def has_model_code(said: ErrorWords) -> bool:
    """Return whether a code says so, which is believed before words about keys and permissions."""
    return said.has_code(*_CODES)


def model_error(said: ErrorWords, model: str) -> UpstreamError | None:
    """Return the error if the words say that it is the model that is missing, or not one for this."""
    if said.says("requires terms acceptance", "accept the terms"):  # Groq
        hint = "Let an administrator of the account accept them at the model server, or choose another model."
        return UpstreamAuthError("the terms of this model have not been accepted.", hint=hint)
    for phrases, what, hint in _OF_MODELS:
        if said.says(*phrases):
            known = UpstreamModelNotFoundError(what, hint=hint)
            known.keeps_hint = not hint.startswith("Choose")
            return known
    names_it = (bool(model) and model.lower() in said.words) or said.says(*_NAMES_ONE)
    is_missing = "model" in said.words and names_it and said.says(*_MISSING)
    is_gone = bool(model) and said.says(*(f"{model.lower()}{mark} {said_of}" for mark in _MARKS for said_of in _GONE))
    is_blamed = said.parameter == "model"
    return model_not_found(model) if said.says(*_WORDS) or is_missing or is_gone or is_blamed else None
