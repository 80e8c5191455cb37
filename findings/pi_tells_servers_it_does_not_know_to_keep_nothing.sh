#!/usr/bin/env bash
# Pi says `"store": false` to every server that is not on its list of those that take no such field.
#
# Software: @earendil-works/pi-coding-agent 1.6.0 (npm), with node 24.21.0
# Expected: no field that the server was not said to support. Its documentation says of `compat.supportsStore`: "Whether
#           the provider supports the store field. Default: auto-detected from URL".
# Seen:     a server on 127.0.0.1 is taken for one that does, and what Pi says with it is always that nothing is to be
#           kept: a server that keeps chats keeps none of Pi's. With `"supportsStore": false` the field is not sent.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund node@24.21.0 @earendil-works/pi-coding-agent@1.6.0 >/dev/null
cat >server.py <<'PY'
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(asked["model"], asked.get("store", "absent"), file=sys.stderr, flush=True)
        told = {"index": 0, "delta": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [told]}
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
python3 server.py >port.txt 2>asked.txt &
server=$!
for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
export HOME="$work" PI_OFFLINE=1 PATH="$work/node_modules/.bin:$PATH"
mkdir -p .pi/agent
cat >.pi/agent/models.json <<JSON
{"providers": {"here": {"baseUrl": "http://127.0.0.1:$(cat port.txt)/v1", "apiKey": "none", "api": "openai-completions",
  "models": [{"id": "detected"}, {"id": "told", "compat": {"supportsStore": false}}]}}}
JSON
for model in detected told; do
    pi -p --no-session --model "here/$model" "Why?" </dev/null
done
cat asked.txt
[ "$(tr '\n' ';' <asked.txt)" = "detected False;told absent;" ]
