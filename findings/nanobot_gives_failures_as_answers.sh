#!/usr/bin/env bash
# What failed is an answer: a model that cannot be reached "says" so with status 200, and half an answer is called finished.
#
# Software: nanobot-ai 0.3.5, its OpenAI-compatible API (`nanobot serve`), in front of a model server that fails
# Expected: an error where the model cannot be reached, as its API has statuses for what fails (500, 504), and no
#           finish_reason "stop" and [DONE] behind an answer whose connection broke.
# Seen:     "Error calling LLM: Connection error." as what the assistant says, with status 200 and "stop", whole or streamed.
#           Where the connection breaks behind the first word, the word, "stop" and [DONE].
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && pids=()
trap 'kill "${pids[@]}" || true; wait; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HOME="$work"
pip install -q nanobot-ai==0.3.5 aiohttp==3.14.5 openai==3.57.0
cat >model.py <<'PY'
import json
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
CHUNK["choices"] = [{"index": 0, "delta": {"role": "assistant", "content": "Once"}, "finish_reason": None}]

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps(CHUNK)}\n\n".encode())
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
cat >ask.py <<'PY'
import sys

import openai

client = openai.OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none", max_retries=0)
question = {"model": "m", "messages": [{"role": "user", "content": "Tell a story."}]}
response = client.chat.completions.with_raw_response.create(stream=True, **question)
ends = [chunk.choices[0] for chunk in response.parse()]
print(response.status_code, repr("".join(end.delta.content or "" for end in ends)), ends[-1].finish_reason)
PY
free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ask() { # in front of the model server at a port
  local port; port=$(free_port)
  cat >"$1.json" <<JSON
{"agents": {"defaults": {"model": "m", "provider": "custom", "workspace": "$work/$1"}},
 "providers": {"custom": {"apiKey": "none", "apiBase": "http://127.0.0.1:$1/v1"}}}
JSON
  nanobot serve --config "$1.json" --port "$port" >"$1.log" 2>&1 &
  pids+=($!)
  until curl -sf "http://127.0.0.1:$port/health" >health.txt; do kill -0 "${pids[-1]}"; sleep 0.5; done
  python ask.py "$port"
}
python model.py >model.txt &
pids+=($!)
until [ -s model.txt ]; do sleep 0.1; done
ask "$(free_port)" >unreachable.txt
ask "$(cat model.txt)" >broken.txt
tail -n +1 unreachable.txt broken.txt
[ "$(cat unreachable.txt)" = "200 'Error calling LLM: Connection error.' stop" ]
[ "$(cat broken.txt)" = "200 'Once' stop" ]
