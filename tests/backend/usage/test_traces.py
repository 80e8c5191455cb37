"""Traces: spans of turns and calls as a collector gets them, over OTLP and HTTP."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

from chatapp.backend.telemetry import traces
from chatapp.errors import UpstreamAuthError
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel

RunBackend = Callable[..., RunningBackend]
NAMES = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
SECRET = "the-secret-question"


class Collector(ThreadingHTTPServer):
    """A collector of traces: it keeps the bodies that are posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()

    @property
    def spans(self) -> list[Any]:
        """Give the spans that came, by their names; those of one name as they began."""
        spans = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                spans += [span for scope in resource.scope_spans for span in scope.spans]
        return sorted(spans, key=lambda span: (span.name, span.start_time_unix_nano))

    @property
    def services(self) -> set[str]:
        """Give the names that those who send spans have given themselves."""
        resources = [
            each.resource for body in self.bodies for each in ExportTraceServiceRequest.FromString(body).resource_spans
        ]
        return {str(told(resource)["service.name"]) for resource in resources}


class _Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.add(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        monkeypatch.setattr(traces, "SHUTDOWN_S", 30.0)
        yield server
        server.shutdown()
        thread.join()


def told(span: Any) -> dict[str, Any]:
    """Give the attributes of a span, or of what sent it."""
    values = {each.key: each.value for each in span.attributes}
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def test_each_turn_is_a_span_and_below_it_each_of_its_calls(
    run_backend: RunBackend, stub: StubModel, collector: Collector, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(f'[connections.paid]\nbase_url = "{stub.url}"\nprices = {{ input = 1, output = 2 }}\n')
    backend = run_backend(connections=str(file))
    stub.next(scripts.status(500))
    answer = backend.client.ask(SECRET, model="paid/m", store=True)
    backend.stop()
    failed, call, turn = collector.spans
    assert (turn.name, failed.name, call.name) == ("turn", "chat paid/m", "chat paid/m")
    assert failed.parent_span_id == call.parent_span_id == turn.span_id
    assert {span.trace_id for span in (turn, failed, call)} == {turn.trace_id}
    assert call.end_time_unix_nano > failed.end_time_unix_nano
    assert (failed.status.code, told(failed)["error.type"]) == (2, "upstream_unavailable")
    assert (turn.status.code, call.status.code, call.kind) == (0, 0, 3)
    attributes = told(call)
    first_word = attributes.pop("gen_ai.response.time_to_first_chunk")
    assert 0 <= first_word < 10
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": f"127.0.0.1:{attributes['server.port']}",
        "gen_ai.request.model": "paid/m",
        "gen_ai.response.model": answer.model.removeprefix("paid/"),
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.conversation.id": answer.conversation_id,
        "gen_ai.usage.input_tokens": answer.usage_details["prompt_tokens"],
        "gen_ai.usage.output_tokens": answer.usage_details["completion_tokens"],
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "server.address": "127.0.0.1",
        "server.port": attributes["server.port"],
        "chatapp.connection": "paid",
        "chatapp.surface": "api",
        "chatapp.usage.cost": answer.usage_details["cost"],
        "chatapp.usage.is_estimated": False,
    }
    assert {name for span in collector.spans for name in told(span) if name.startswith("gen_ai.")} <= NAMES
    assert told(turn)["chatapp.turn.id"] == answer.turn_id
    assert collector.services == {"chatapp"}
    assert collector.paths == {"/v1/traces"}


def test_failures_and_embeddings_are_told_and_nothing_that_was_said(
    run_backend: RunBackend, stub: StubModel, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    vector = {"object": "list", "model": "e", "data": [], "usage": {"prompt_tokens": 3, "total_tokens": 3}}
    stub.models["e"] = scripts.respond(200, vector)
    backend = run_backend(api_keys="ann:key-of-ann")
    headers = {"Authorization": "Bearer key-of-ann"}
    stub.next(scripts.status(401))
    refused = requests.post(f"{backend.url}/query", json={"prompt": SECRET}, headers=headers, timeout=10)
    assert refused.status_code == UpstreamAuthError.status
    wanted = {"model": "e", "input": SECRET}
    assert requests.post(f"{backend.url}/v1/embeddings", json=wanted, headers=headers, timeout=10).ok
    backend.stop()
    call, embeddings, turn = collector.spans
    assert [told(span)["error.type"] for span in (turn, call)] == ["upstream_auth"] * 2
    assert (embeddings.name, embeddings.parent_span_id) == ("embeddings e", b"")
    assert told(embeddings)["gen_ai.usage.input_tokens"] == 3
    sent = b"".join(collector.bodies)
    assert [secret for secret in (SECRET, KEY, "key-of-ann", "So be it", "ann") if secret.encode() in sent] == []
    assert collector.services == {"ours"}


def test_completions_of_texts_are_told_as_such_also_where_nothing_was_completed(
    run_backend: RunBackend, stub: StubModel, collector: Collector
) -> None:
    scored = {"choices": [{"text": "a", "index": 0}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    backend = run_backend()
    for script in (scripts.respond(200, scored), scripts.status(400)):
        stub.next(script)
        requests.post(f"{backend.url}/v1/completions", json={"model": "m", "prompt": "a"}, timeout=10)
    backend.stop()
    assert [span.name for span in collector.spans] == ["text_completion m"] * 2
    assert {told(span)["gen_ai.operation.name"] for span in collector.spans} == {"text_completion"}


def test_calls_that_reach_no_server_are_told_as_what_they_are_for(
    run_backend: RunBackend, stub: StubModel, collector: Collector, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("first\n")
    backend = run_backend(openai_api_key=None, openai_api_key_file=file)
    file.unlink()
    for path, asked in (("completions", {"prompt": "a"}), ("embeddings", {"input": "a"})):
        requests.post(f"{backend.url}/v1/{path}", json={"model": "m", **asked}, timeout=10)
    backend.stop()
    assert stub.calls == []
    assert [span.name for span in collector.spans] == ["embeddings m", "text_completion m"]


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_trace_goes_on_from_who_asks_to_the_model_server(
    run_backend: RunBackend, stub: StubModel, collector: Collector
) -> None:
    stub.models["e"] = scripts.EMBEDDINGS
    backend = run_backend()
    stub.next(scripts.status(500))
    for path, body in (("query", {"prompt": "Hi", "store": True}), ("v1/embeddings", {"model": "e", "input": "a"})):
        headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "theirs=1"}
        assert requests.post(f"{backend.url}/{path}", json=body, headers=headers, timeout=10).ok
    backend.stop()

    *calls, embeddings, turn = collector.spans
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    assert {span.parent_span_id.hex() for span in (turn, embeddings)} == {SPAN}
    assert {span.parent_span_id for span in calls} == {turn.span_id}
    sent = [call.headers["traceparent"] for call in stub.calls]
    assert sent == [f"00-{TRACE}-{span.span_id.hex()}-01" for span in (*calls, embeddings)]
    assert stub.calls[0].headers["tracestate"] == "theirs=1"


def test_who_names_no_trace_gets_one_that_the_model_server_learns(
    run_backend: RunBackend, stub: StubModel, collector: Collector
) -> None:
    backend = run_backend()
    for told in ("", "00-0-0-01", f"00-{'0' * 32}-{SPAN}-01", "x" * 5000):
        headers = {"traceparent": told}
        assert requests.post(f"{backend.url}/query", json={"prompt": "Hi"}, headers=headers, timeout=10).ok
    backend.stop()
    turns = [span for span in collector.spans if span.name == "turn"]
    calls = [span for span in collector.spans if span.name != "turn"]
    assert {span.parent_span_id for span in turns} == {b""}
    assert [span.parent_span_id for span in calls] == [span.span_id for span in turns]
    sent = [call.headers["traceparent"].split("-")[1:3] for call in stub.calls]
    assert sent == [[span.trace_id.hex(), span.span_id.hex()] for span in calls]


def test_a_trace_that_its_client_does_not_keep_is_passed_on_and_not_told(
    run_backend: RunBackend, stub: StubModel, collector: Collector
) -> None:
    backend = run_backend()
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-00"}
    assert requests.post(f"{backend.url}/query", json={"prompt": "Hi"}, headers=headers, timeout=10).ok
    backend.stop()
    assert collector.spans == []
    version, trace, _, flags = stub.calls[0].headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "00")


def test_without_a_collector_nothing_of_it_is_there(backend: RunningBackend, stub: StubModel) -> None:
    requests.post(
        f"{backend.url}/query", json={"prompt": "Hi"}, headers={"traceparent": f"00-{TRACE}-{SPAN}-01"}, timeout=10
    )
    assert "traceparent" not in stub.calls[0].headers
    assert backend.app.state.traces is None
    assert len(backend.app.state.observers) == 2
