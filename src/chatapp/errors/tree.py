"""The errors themselves, but for those of the model's side; they are drawn in `__init__.py`."""

from typing import Any, ClassVar, Self


class ChatappError(Exception):
    """A failure that can be shown: one sentence, a stable code and, where there is one, a next step."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, hint: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.retry_after = retry_after
        self.request_id: str | None = None

    def as_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """Return the error object of the HTTP API; `hint` and `retry_after` (seconds) only where there is one."""
        body: dict[str, Any] = {"detail": self.detail, "code": self.code, "request_id": request_id or self.request_id}
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        if self.hint is not None:
            body["hint"] = self.hint
        return body

    def sentence(self) -> str:
        """Return what happened and what to do about it, as one line for a person."""
        return f"{self.detail} {self.hint}" if self.hint else self.detail

    def fresh(self) -> Self:
        """Return the error as it was before it was raised. Once raised it keeps all in memory that was at hand."""
        error = type(self).__new__(type(self), *self.args)
        error.__dict__.update(self.__dict__)
        return error


class SettingsError(ChatappError):
    """A setting or an option has a value it cannot have."""

    code, exit_code = "invalid_settings", 2


class PortInUseError(ChatappError):
    """Somebody else listens on a port we were told to use."""

    code, exit_code = "port_in_use", 4


class ProcessDiedError(ChatappError):
    """A process we started ended before it was asked to."""

    code = "process_died"


class LocalModelError(ChatappError):
    """The embedded model cannot be fetched, loaded or started on this machine."""

    code = "local_model"


class BackendError(ChatappError):
    """The backend could not be asked, or answered in a way we do not know."""

    code = "backend_error"


class BackendUnreachableError(BackendError):
    """No connection to the backend."""

    code, exit_code = "backend_unreachable", 3


class BackendTimeoutError(BackendError):
    """The backend was silent for longer than the client waits."""

    code = "backend_timeout"


class BackendProtocolError(BackendError):
    """What answered does not speak chatapp's protocol."""

    code = "backend_protocol"


class StreamCutError(BackendError):
    """The connection ended before the stream said that the answer was done."""

    code = "stream_cut"


class RequestError(ChatappError):
    """The request cannot be served as it stands."""

    code, status, exit_code = "bad_request", 400, 2


class InvalidRequestError(RequestError):
    """The request's body or a parameter breaks a rule."""

    code, status = "invalid_request", 422


class BodyTooLargeError(RequestError):
    """The request's body is larger than MAX_BODY_BYTES."""

    code, status = "body_too_large", 413


class RequestTimeoutError(RequestError):
    """The request's body did not arrive in time."""

    code, status = "request_timeout", 408


class EventTooLargeError(ChatappError):
    """One event of a stream is larger than its reader accepts."""

    code = "event_too_large"


class UnauthorizedError(RequestError):
    """The request carries no API key, or one we do not know."""

    code, status = "unauthorized", 401


class ForbiddenError(RequestError):
    """The API key is known, but is not to see this."""

    code, status = "forbidden", 403


class NotFoundError(RequestError):
    """There is no such path, turn or conversation."""

    code, status = "not_found", 404


class MethodNotAllowedError(RequestError):
    """The path exists, but not for this method."""

    code, status = "method_not_allowed", 405


class UnsupportedMediaTypeError(RequestError):
    """The request's body is not JSON, or a file is of no kind that models could be shown."""

    code, status = "unsupported_media_type", 415


class ForeignHostError(RequestError):
    """The Host header names a machine that this backend does not answer for."""

    code, status = "foreign_host", 400


class ForeignOriginError(RequestError):
    """A web page asks that is not ours."""

    code, status = "foreign_origin", 403


class IdempotencyConflictError(RequestError):
    """The Idempotency-Key was used before with another body."""

    code, status = "idempotency_conflict", 409


class TurnActiveError(RequestError):
    """The conversation is still answering its last question."""

    code, status = "turn_active", 409


class RateLimitedError(RequestError):
    """More requests than RATE_LIMIT allows."""

    code, status, exit_code = "rate_limited", 429, 1


class BudgetExceededError(RequestError):
    """A budget of BUDGETS has not enough left for the call."""

    code, status, exit_code = "budget_exceeded", 429, 1


class OverloadedError(ChatappError):
    """As many answers are being made as this process allows."""

    code, status = "overloaded", 503


class ShuttingDownError(ChatappError):
    """The backend is stopping."""

    code, status = "shutting_down", 503


class StoreUnavailableError(ChatappError):
    """Conversations cannot be read or written right now."""

    code, status = "store_unavailable", 503


class StoreTooNewError(ChatappError):
    """The database was written by a newer version of chatapp."""

    code, exit_code = "store_too_new", 2


class InternalError(ChatappError):
    """A defect of ours; the log has the details under the same request id."""
