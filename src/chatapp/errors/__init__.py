"""Every error chatapp raises, with its code, HTTP status and exit code.

ChatappError
├── SettingsError                  a setting has a wrong value
├── PortInUseError                 somebody else listens there
├── ProcessDiedError               one half of `chatapp up` ended
├── LocalModelError                the embedded model cannot be had here
├── BackendError                   the client's side of the wire
│   ├── BackendUnreachableError    nobody answers
│   ├── BackendTimeoutError        silence for longer than REQUEST_TIMEOUT
│   ├── BackendProtocolError       an answer that is not ours
│   └── StreamCutError             the connection ended before the answer did
├── RequestError                   what came in cannot be served
│   ├── InvalidRequestError  BodyTooLargeError  RequestTimeoutError  UnauthorizedError
│   ├── ForbiddenError  NotFoundError
│   ├── MethodNotAllowedError  UnsupportedMediaTypeError  ForeignHostError  ForeignOriginError
│   ├── IdempotencyConflictError  TurnActiveError  RateLimitedError
│   └── BudgetExceededError
├── UpstreamError                  the model refused, failed or fell silent
│   ├── UpstreamAuthError  UpstreamModelNotFoundError  UpstreamQuotaError
│   ├── UpstreamRateLimitedError  UpstreamTimeoutError  UpstreamUnavailableError
│   ├── UpstreamBadResponseError  UpstreamParameterRefusedError  ContextLengthExceededError
│   └── IncompleteAnswerError  AnswerTooLongError
├── OverloadedError  ShuttingDownError  StoreUnavailableError
├── EventTooLargeError             one event of a stream passes the reader's limit
├── StoreTooNewError               the database was written by a newer chatapp
└── InternalError                  a defect of ours
"""

from chatapp.errors.tree import (
    BackendError,
    BackendProtocolError,
    BackendTimeoutError,
    BackendUnreachableError,
    BodyTooLargeError,
    BudgetExceededError,
    ChatappError,
    EventTooLargeError,
    ForbiddenError,
    ForeignHostError,
    ForeignOriginError,
    IdempotencyConflictError,
    InternalError,
    InvalidRequestError,
    LocalModelError,
    MethodNotAllowedError,
    NotFoundError,
    OverloadedError,
    PortInUseError,
    ProcessDiedError,
    RateLimitedError,
    RequestError,
    RequestTimeoutError,
    SettingsError,
    ShuttingDownError,
    StoreTooNewError,
    StoreUnavailableError,
    StreamCutError,
    TurnActiveError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from chatapp.errors.upstream import (
    AnswerTooLongError,
    ContextLengthExceededError,
    IncompleteAnswerError,
    UpstreamAuthError,
    UpstreamBadResponseError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamParameterRefusedError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)

__all__ = [
    "AnswerTooLongError", "BackendError", "BackendProtocolError", "BackendTimeoutError", "BackendUnreachableError",
    "BodyTooLargeError", "BudgetExceededError", "ChatappError", "ContextLengthExceededError", "EventTooLargeError",
    "ForbiddenError", "ForeignHostError", "ForeignOriginError", "IdempotencyConflictError", "IncompleteAnswerError",
    "InternalError", "InvalidRequestError", "LocalModelError", "MethodNotAllowedError", "NotFoundError",
    "OverloadedError", "PortInUseError", "ProcessDiedError", "RateLimitedError", "RequestError", "RequestTimeoutError",
    "SettingsError", "ShuttingDownError", "StoreTooNewError", "StoreUnavailableError", "StreamCutError",
    "TurnActiveError", "UnauthorizedError", "UnsupportedMediaTypeError", "UpstreamAuthError",
    "UpstreamBadResponseError", "UpstreamError", "UpstreamModelNotFoundError", "UpstreamParameterRefusedError",
    "UpstreamQuotaError", "UpstreamRateLimitedError", "UpstreamTimeoutError", "UpstreamUnavailableError",
]  # fmt: skip
