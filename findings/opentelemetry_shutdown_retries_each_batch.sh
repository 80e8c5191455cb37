#!/usr/bin/env bash
# Where no collector listens, a program that sends traces takes long to end: seconds for every 512 spans.
#
# Software: opentelemetry-sdk 1.45.2, opentelemetry-exporter-otlp-proto-http 1.45.2
# Expected: shutdown() tries once to send what waits, or has a limit for all of it.
# Seen:     each batch of 512 spans is tried four times, with pauses of about 1, 2 and 4 s between, one batch after the
#           other, and shutdown() takes no time limit: 1,000 spans take about 15 s.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'opentelemetry-sdk==1.45.2' 'opentelemetry-exporter-otlp-proto-http==1.45.2'
python - <<'PYTHON'
import inspect
import logging
import socket
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

logging.disable(logging.CRITICAL)
with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))  # and does not listen: whoever connects is refused at once
    address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/traces"
    took = {}
    for batches in (1, 2):
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address), schedule_delay_millis=600_000))
        tracer = provider.get_tracer("finding")
        for _ in range(batches * 512 - 12):
            tracer.start_span("span").end()
        began = time.monotonic()
        provider.shutdown()
        took[batches] = time.monotonic() - began
        print(f"{batches * 512 - 12} spans: shutdown took {took[batches]:.1f} s")
parameters = list(inspect.signature(TracerProvider.shutdown).parameters)
print("shutdown takes", parameters)
raise SystemExit(0 if took[1] > 3 and took[2] > took[1] + 3 and parameters == ["self"] else 1)
PYTHON
