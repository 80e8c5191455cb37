#!/usr/bin/env bash
# Inspect's first question to a model of the Responses API is one of its own, which its user has not asked.
#
# Software: inspect-ai 0.3.285 with openai 3.57.0
# Expected: one call for one `generate`: no summary of thoughts is asked for, and nothing else is left to find out.
# Seen:     "Please say 'hello, world'" goes first, with `"reasoning": {"effort": "low", "summary": "auto"}`, to learn
#           whether the account may see summaries. Unlike the question behind it, it does not say `"store": false`: what
#           keeps responses keeps this one, and none of the user's.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q inspect-ai==0.3.285 openai==3.57.0
cat >server.py <<'PY'
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = {"type": "output_text", "text": "Yes.", "annotations": [], "logprobs": []}
ITEM = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [TEXT]}
USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "input_tokens_details": {"cached_tokens": 0},
         "output_tokens_details": {"reasoning_tokens": 0}}
ANSWER = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": None, "model": "m",
          "output": [ITEM], "usage": USAGE, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = asked["input"] if isinstance(asked["input"], str) else asked["input"][-1]["content"]
        said = said if isinstance(said, str) else said[0]["text"]
        print(said, "| store:", asked.get("store", "absent"), file=sys.stderr, flush=True)
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
cat >ask.py <<'PY'
import asyncio, sys
from inspect_ai.model import get_model

url = f"http://127.0.0.1:{sys.argv[1]}/v1"
model = get_model("openai/m", responses_api=True, base_url=url, api_key="none")
print(asyncio.run(model.generate("Why?")).completion)
PY
python3 server.py >port.txt 2>asked.txt &
server=$!
for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
HOME="$work" venv/bin/python ask.py "$(cat port.txt)"
cat asked.txt
[ "$(tr '\n' ';' <asked.txt)" = "Please say 'hello, world' | store: absent;Why? | store: False;" ]
