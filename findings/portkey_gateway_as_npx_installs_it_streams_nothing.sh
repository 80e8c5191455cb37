#!/usr/bin/env bash
# Every answer that is passed on as it came, all streamed ones among them, is a failure once npm has chosen the versions.
#
# Software: @portkey-ai/gateway 1.15.2, with hono 4.13.19 and @hono/node-server 1.19.19 as npm chooses them, Node.js 20
# Expected: the events of the server behind it, as `npx @portkey-ai/gateway` is how its page says to start it.
# Seen:     status 500, {"status":"failure","message":"Something went wrong"}, and "TypeError: immutable" in its log. A
#           whole answer is passed on.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && pids=""
trap '[ -z "$pids" ] || kill $pids; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --prefix . @portkey-ai/gateway@1.15.2 hono@4.13.19 @hono/node-server@1.19.19
ports() { python3 -c 'import socket; s = [socket.socket() for _ in "ab"]; [i.bind(("127.0.0.1", 0)) for i in s]; print(*[i.getsockname()[1] for i in s])'; }
read -r behind port < <(ports)
cat >model.py <<'PY'
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        said = {"index": 0, "finish_reason": "stop"}
        if asked.get("stream"):
            kind = "text/event-stream"
            body = "data: " + json.dumps({**chunk, "choices": [{**said, "delta": {"content": "Hi"}}]}) + "\n\ndata: [DONE]\n\n"
        else:
            kind = "application/json"
            message = {"role": "assistant", "content": "Hi"}
            body = json.dumps({**chunk, "object": "chat.completion", "choices": [{**said, "message": message}]})
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
HTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python3 model.py "$behind" >model.log 2>&1 & pids="$!"
node node_modules/@portkey-ai/gateway/build/start-server.js --port="$port" --headless >gateway.log 2>&1 & pids="$pids $!"
for _ in $(seq 60); do curl -s "http://127.0.0.1:$port/" >alive.html && break; sleep 0.5; done
ask() {
  curl -s -o answer.txt -w '%{http_code}' "http://127.0.0.1:$port/v1/chat/completions" -H 'content-type: application/json' \
    -H 'authorization: Bearer k' -H 'x-portkey-provider: openai' -H "x-portkey-custom-host: http://127.0.0.1:$behind/v1" \
    -d "{\"model\": \"m\", \"stream\": $1, \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"
}
whole=$(ask false) && echo "whole: $whole $(cat answer.txt)"
streamed=$(ask true) && echo "streamed: $streamed $(cat answer.txt)"
[ "$whole" = 200 ] && [ "$streamed" = 500 ] && grep -q 'TypeError: immutable' gateway.log
