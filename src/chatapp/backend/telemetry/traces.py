"""Traces by OpenTelemetry's conventions for generative AI: how turns and calls to models went, never what was said."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from starlette.types import Scope

import chatapp
from chatapp.backend.http.context import header
from chatapp.backend.store import ModelCall
from chatapp.config import environment
from chatapp.errors import ChatappError
from chatapp.protocol.money import dollars
from chatapp.protocol.trace_headers import send_trace_headers
from chatapp.providers.connection import Upstream

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""The variables that say where traces go; without one there are none."""

SHUTDOWN_S = 2.0
"""How long the end may take. The library's own tries again for 7 s for every 512 spans when nobody listens."""

_TRACE_HEADERS = ("traceparent", "tracestate")
_LONGEST_HEADER = 512  # what W3C wants to be passed on of a tracestate
_NANO = 10**9
_PROVIDERS = {"Groq": "groq", "Mistral": "mistral_ai", "DeepSeek": "deepseek", "OpenAI": "openai"}
"""Providers that have a name of their own in the conventions."""

_CHAT = "chat"
_OPERATIONS = {"/v1/embeddings": "embeddings", "/v1/completions": "text_completion"}
"""What a path calls models for; the others are for chats."""

log = logging.getLogger(__name__)


class TracedCall(Protocol):
    """What is known of a call that is made now: `tries` of it came to nothing before this one."""

    id: str
    turn_id: str | None

    @property
    def tries(self) -> int:
        """How many came to nothing."""
        ...

    @property
    def is_asked(self) -> bool:
        """Whether a server is asked now."""
        ...

    @property
    def began(self) -> float:
        """When the try began, by `time.perf_counter`."""
        ...


class EndedTurn(Protocol):
    """What is told of a turn that has ended."""

    id: str
    model: str
    conversation_id: str | None
    surface: Any
    failure: ChatappError | None
    finish_reason: str | None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question came in."""
        ...


class RequestTrace:
    """The trace that a request belongs to: its client's, where it names one, else a new one.

    The span of what it asks begins with the first question to a model server, or when it is over. `asking` is that of
    the call to a model that is made now, which the question carries. `operation` is what models are called for, in the
    words of the conventions.
    """

    def __init__(self, tracer: "Tracer", parent: "Context", *, operation: str = _CHAT) -> None:
        self.parent = parent
        self.operation = operation
        self._tracer = tracer
        self._began = time.time_ns()
        self._turn: Span | None = None
        self.asking: Span | None = None

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the span of the call that is made now."""
        carrier: dict[str, str] = {}
        if self.asking is not None:
            _propagator().inject(carrier, _below(self.asking))
        return carrier

    def turn(self) -> "Span":
        """Return the span of the turn that is asked for, which is taken later."""
        if self._turn is None:
            self._turn = self._tracer.start_span("turn", self.parent, start_time=self._began)
        return self._turn

    def take_turn(self, began: int) -> "Span":
        """Return the span of the turn, to be ended."""
        span, self._turn = self._turn, None
        return span or self._tracer.start_span("turn", self.parent, start_time=began)


_REQUEST: ContextVar[RequestTrace | None] = ContextVar("request_trace", default=None)


class Traces:
    """A `TurnObserver` that sends a span for each turn, and below it one for each of its calls.

    `upstreams` gives the connections as they are now, by their names.
    """

    def __init__(self, provider: "TracerProvider", upstreams: Callable[[], Mapping[str, Upstream]]) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("chatapp", chatapp.__version__)
        self._upstreams = upstreams
        self._calls: dict[str, list[ModelCall]] = {}
        self._spans: dict[str, dict[int, Span]] = {}

    @classmethod
    def of_environment(cls, upstreams: Callable[[], Mapping[str, Upstream]]) -> "Traces | None":
        """Return what sends traces where OpenTelemetry's own variables say, None where they say nothing."""
        if not any(map(environment.value, ENDPOINTS)):
            return None
        try:  # 0.4 s for who wants traces
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError:
            log.warning("No traces are sent: OpenTelemetry is not installed. Install it with: pip install '.[otel]'")
            return None
        named = environment.value("OTEL_SERVICE_NAME")  # what is given here would go before it
        resource = Resource.create({"service.name": named or "chatapp", "service.version": chatapp.__version__})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider, upstreams)

    def begin(self, scope: Scope) -> None:
        """Let what a request asks be part of the trace that it names by W3C's `traceparent`, or of one of its own."""
        told = {name: header(scope, name.encode()) or "" for name in _TRACE_HEADERS}
        named = {name: value for name, value in told.items() if 0 < len(value) <= _LONGEST_HEADER}
        operation = _OPERATIONS.get(scope["path"], _CHAT)
        request = RequestTrace(self._tracer, _propagator().extract(named), operation=operation)
        _REQUEST.set(request)
        send_trace_headers(request.headers)

    def model_asked(self, call: TracedCall) -> None:
        """Begin the span of a call, which the question to the server carries."""
        if not call.is_asked:
            return
        request, begun = self._request(), self._spans.setdefault(call.id, {})
        if call.tries not in begun:
            context = _below(request.turn()) if call.turn_id else request.parent
            began = time.time_ns() - round((time.perf_counter() - call.began) * _NANO)
            begun[call.tries] = self._client_span(context, began)
        request.asking = begun[call.tries]

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call: it is told with its turn, or by itself where it has none."""
        if call.turn_id is None:
            self._tell(call)
        else:
            self._calls.setdefault(call.turn_id, []).append(call)

    def turn_ended(self, turn: EndedTurn) -> None:
        """Send a turn and its calls."""
        calls, ended = self._calls.pop(turn.id, []), time.time_ns()
        began = ended - round(turn.elapsed_s * _NANO)
        about = {"gen_ai.conversation.id": turn.conversation_id, "chatapp.surface": turn.surface}
        told = _known({"chatapp.turn.id": turn.id, "gen_ai.response.model": turn.model, **about})
        span = self._request().take_turn(began)
        span.set_attributes(told)
        context = _below(span)
        for call in calls:
            reasons = [turn.finish_reason] if turn.finish_reason and call is calls[-1] else None
            self._tell(call, context, {**about, "gen_ai.response.finish_reasons": reasons})
        _end(span, turn.failure.code if turn.failure else None, ended)

    def close(self) -> None:
        """Send what waits, as far as somebody listens."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(SHUTDOWN_S)

    def _tell(self, call: ModelCall, context: "Context | None" = None, about: Mapping[str, Any] | None = None) -> None:
        began, request = _nanoseconds(call.created_at), self._request()
        operation = _CHAT if call.turn_id else request.operation
        span = self._begun(call) or self._client_span(context or request.parent, began)
        told = {"gen_ai.operation.name": operation, **_attributes(call), **self._server_of(call), **(about or {})}
        span.update_name(f"{operation} {call.model}")
        span.set_attributes(_known(told))
        _end(span, call.error_code, began + call.duration_ms * 10**6)

    def _begun(self, call: ModelCall) -> "Span | None":
        """Return the span that a call has begun with, None for one that came to no question."""
        question, _, number = call.id.partition(".")
        begun = self._spans.get(question, {})
        if number:
            return begun.pop(int(number), None)
        self._spans.pop(question, None)
        return begun.popitem()[1] if begun else None

    def _request(self) -> RequestTrace:
        """Return the trace of the current request; what no request asks has one of its own."""
        from opentelemetry.context import Context  # noqa: PLC0415 - loaded by now

        return _REQUEST.get() or RequestTrace(self._tracer, Context())

    def _client_span(self, context: "Context", began: int) -> "Span":
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - loaded by now

        return self._tracer.start_span(_CHAT, context, kind=SpanKind.CLIENT, start_time=began)

    def _server_of(self, call: ModelCall) -> dict[str, Any]:
        upstream = self._upstreams().get(call.connection)
        if upstream is None:
            return {}
        place = urlsplit(upstream.base_url)
        return {
            "gen_ai.provider.name": _PROVIDERS.get(upstream.provider, upstream.provider.lower()),
            "server.address": place.hostname,
            "server.port": place.port or (443 if place.scheme == "https" else 80),
        }


def _attributes(call: ModelCall) -> dict[str, Any]:
    """Return what is known of a call, by the names of the conventions where there are any."""
    return {
        "gen_ai.request.model": call.model,
        "gen_ai.response.model": call.answered_model,
        "gen_ai.usage.input_tokens": call.prompt_tokens,
        "gen_ai.usage.output_tokens": call.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": call.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": call.reasoning_tokens,
        "gen_ai.response.time_to_first_chunk": None if call.first_token_ms is None else call.first_token_ms / 1000,
        "chatapp.connection": call.connection,
        "chatapp.surface": call.surface,
        "chatapp.usage.is_estimated": call.is_estimated,
        "chatapp.usage.cost": None if call.cost_pico is None else dollars(call.cost_pico),
    }


def _end(span: Any, error_code: str | None, ended: int) -> None:
    if error_code is not None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - loaded by now

        span.set_attribute("error.type", error_code)
        span.set_status(Status(StatusCode.ERROR))
    span.end(ended)


def _below(span: "Span") -> "Context":
    from opentelemetry.trace import set_span_in_context  # noqa: PLC0415 - loaded by now

    return set_span_in_context(span)


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 10**6) * 1000


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - see above

    return TraceContextTextMapPropagator()
