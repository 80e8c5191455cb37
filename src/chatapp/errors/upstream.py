"""The errors of the model's side, which are the guide's `500` but for three."""

from typing import Self

from chatapp.errors.tree import ChatappError

BEGINNING = "LLM processing failed: "
"""How the guide's `500` begins."""


class UpstreamError(ChatappError):
    """The model could not answer. `what` is said in our words, never in the upstream's.

    `is_lasting`: another try would meet it too, until somebody has changed something. `is_unexplained`: the server has
    answered, but does not say what is wrong.
    """

    code = "upstream_error"
    is_lasting: bool = False
    is_unexplained: bool = False

    def __init__(self, what: str, *, hint: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(f"{BEGINNING}{what}", hint=hint, retry_after=retry_after)

    def what(self) -> str:
        """Return what was said of the failure when it was made."""
        return self.detail.removeprefix(BEGINNING)

    def retold(self, what: str) -> Self:
        """Return the same failure, of which `what` is said instead."""
        error = self.fresh()
        error.detail = f"{BEGINNING}{what}"
        return error


class UpstreamAuthError(UpstreamError):
    """The model server does not accept the key. `is_unsent`: there is none that it could have been sent."""

    code = "upstream_auth"
    is_unsent: bool = False


class UpstreamModelNotFoundError(UpstreamError):
    """The model server has no such model, or does not let it be asked.

    `keeps_hint`: what there is to do is no choice of another model.
    """

    code = "upstream_model_not_found"
    keeps_hint: bool = False


class UpstreamQuotaError(UpstreamError):
    """The account behind the key has nothing left to spend, or not enough.

    `answer_tokens`: how long an answer it can still pay for, where the server says so.
    """

    code = "upstream_quota"
    answer_tokens: int | None = None


class UpstreamRateLimitedError(UpstreamError):
    """The model server wants fewer requests."""

    code, status = "upstream_rate_limited", 429


class UpstreamTimeoutError(UpstreamError):
    """The model said nothing for longer than a deadline allows."""

    code, status = "upstream_timeout", 504


class UpstreamUnavailableError(UpstreamError):
    """The model server cannot be reached or reports a failure of its own."""

    code = "upstream_unavailable"


class UpstreamBadResponseError(UpstreamError):
    """The model server sent something that is not a chat completion."""

    code = "upstream_bad_response"


class UpstreamParameterRefusedError(UpstreamError):
    """The model server does not take one of the parameters, or not with this value.

    `parameter` is its name, `limit` the largest value that the server states, in the parameter's own unit, `words` what
    it said, which is not shown.
    """

    code = "upstream_parameter_refused"
    words: str = ""
    parameter: str | None = None
    limit: int | None = None


class ContextLengthExceededError(UpstreamError):
    """The question and what came before it are longer than the model can read.

    `window` is what the model can read and `prompt_tokens` what it was given, both in tokens and as the server states
    them; None where it does not.
    """

    code = "context_length_exceeded"
    window: int | None = None
    prompt_tokens: int | None = None


class IncompleteAnswerError(UpstreamError):
    """The model's stream ended before the answer did. `is_empty`: before anything was said; `is_cut`: in the middle."""

    code = "incomplete"
    is_empty: bool = False
    is_cut: bool = False


class AnswerTooLongError(UpstreamError):
    """The answer grew beyond MAX_ANSWER_BYTES."""

    code = "answer_too_long"
