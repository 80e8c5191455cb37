#!/usr/bin/env bash
# Who stops an answer hangs up, and NeMo Guardrails has the model write it to its end all the same.
#
# Software: nemoguardrails 0.24.1, its server, with a configuration of no rails and `passthrough`, in front of a server
#           that writes a word every tenth of a second and notes how many it could write
# Expected: the server behind is hung up on within a word or two, as LiteLLM's proxy and vLLM do.
# Seen:     the reader leaves behind 3 words, and the server behind writes all 40.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && server=""
trap 'for pid in $model $server; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q "nemoguardrails[server]==0.24.1"
free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
behind=$(free_port) && port=$(free_port)
cat >model.py <<'PY'
import http.server, json, sys, time

WORDS = 40


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        written = 0
        try:
            for written in range(1, WORDS + 1):
                self.say({"index": 0, "delta": {"content": f"word{written} "}, "finish_reason": None})
                time.sleep(0.1)
            self.say({"index": 0, "delta": {}, "finish_reason": "stop"})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass
        with open("written.txt", "a") as note:
            print(written, file=note, flush=True)

    def say(self, choice):
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python model.py "$behind" 2>model.log &
model=$!
mkdir -p rails/plain
cat >rails/plain/config.yml <<YAML
models:
  - type: main
    engine: openai
    model: m
    parameters: {base_url: "http://127.0.0.1:$behind/v1", api_key: none}
passthrough: true
YAML
cat >serve.py <<'PY'
import sys

import uvicorn
from nemoguardrails.server import api

api.app.rails_config_path = "rails"
api.set_default_config_id("plain")
uvicorn.run(api.app, host="127.0.0.1", port=int(sys.argv[1]))
PY
OPENAI_API_KEY=none python serve.py "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/healthz" >health.txt; do kill -0 "$server"; sleep 0.5; done
cat >ask.py <<'PY'
import http.client, json, os, sys, time

question = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
connection.request("POST", "/v1/chat/completions", json.dumps(question), {"Content-Type": "application/json"})
answer, heard = connection.getresponse(), b""
while heard.count(b"word") < 3:
    heard += answer.read1(65536)
answer.close()
connection.close()
print("left behind", heard.count(b"word"), "words")
deadline = time.monotonic() + 60
while not os.path.exists("written.txt") or not open("written.txt").read().endswith("\n"):
    assert time.monotonic() < deadline
    time.sleep(0.2)
written = int(open("written.txt").read())
print("written all the same:", written)
assert written == 40
PY
python ask.py "$port"
