#!/usr/bin/env bash
# A receiver that looks for "01" at the end of a traceparent takes sampled traces for others.
#
# Software: opentelemetry-sdk 1.45.2
# Expected: the flags of a sampled trace are 01, as in W3C's Recommendation and nearly every example.
# Seen:     they are 03: beside "sampled" there is "random trace id" of Trace Context Level 2, in each trace that the
#           SDK begins itself, without a switch. A trace that goes on from 01 stays 01.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'opentelemetry-sdk==1.45.2'
python - <<'PYTHON'
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

propagator = TraceContextTextMapPropagator()
tracer = TracerProvider().get_tracer("finding")


def flags(parent=None):
    carrier = {}
    propagator.inject(carrier, set_span_in_context(tracer.start_span("span", parent)))
    print(carrier["traceparent"])
    return carrier["traceparent"].rpartition("-")[2]


begun = flags()
gone_on = flags(propagator.extract({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}))
raise SystemExit(0 if (begun, gone_on) == ("03", "01") else 1)
PYTHON
