#!/usr/bin/env bash
# An answer that has reached its longest length is an answer when it comes whole, and an exception when it is streamed.
#
# Software: hermes-agent 0.19.0, its OpenAI-compatible API server (`hermes gateway run`), asked by openai 3.57.0
# Expected: the same end either way: finish_reason "length", which it has for "truncation", and the text.
# Seen:     whole: status 200, the text, "length". Streamed: the last chunk says "length" too, and has an `error` beside it,
#           which the openai package raises: who waits for the end of the stream has an APIError in place of the answer.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && pids=()
trap 'kill "${pids[@]}" || true; wait; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv hermes && hermes/bin/pip install -q hermes-agent==0.19.0 aiohttp==3.14.5
python3 -m venv client && client/bin/pip install -q openai==3.57.0
cat >model.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
ENDS = [({"role": "assistant", "content": "Once upon "}, None), ({}, "length")]

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}), "application/json")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        chunks = [{**HEAD, "choices": [{"index": 0, "delta": said, "finish_reason": end}]} for said, end in ENDS]
        events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
        self.answer(events + "data: [DONE]\n\n", "text/event-stream")

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
python3 model.py >model.txt &
pids+=($!)
until [ -s model.txt ]; do sleep 0.1; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir home && cat >home/config.yaml <<YAML
model: {default: m, provider: custom, base_url: "http://127.0.0.1:$(cat model.txt)/v1", api_key: none}
YAML
export HOME="$work/home" HERMES_HOME="$work/home" API_SERVER_ENABLED=true API_SERVER_PORT="$port" API_SERVER_KEY=a-key-for-this-machine-alone
hermes/bin/hermes gateway run >gateway.log 2>&1 &
pids+=($!)
until curl -sf "http://127.0.0.1:$port/health" >health.txt; do kill -0 "${pids[1]}"; sleep 0.5; done
cat >ask.py <<'PY'
import sys

import openai

client = openai.OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key=sys.argv[2], max_retries=0)
question = {"model": "hermes-agent", "messages": [{"role": "user", "content": "Tell a story."}]}
(choice,) = client.chat.completions.create(**question).choices
print("whole:", repr(choice.message.content[:9]), choice.finish_reason)
text, error = "", None
try:
    for chunk in client.chat.completions.create(stream=True, **question):
        text += chunk.choices[0].delta.content or ""
except openai.APIError as raised:
    error = raised
print("streamed:", repr(text[:9]), type(error).__name__, error)
assert choice.message.content.startswith("Once upon") and choice.finish_reason == "length"
assert text.startswith("Once upon") and error is not None and "truncated" in str(error)
PY
client/bin/python ask.py "$port" "$API_SERVER_KEY"
