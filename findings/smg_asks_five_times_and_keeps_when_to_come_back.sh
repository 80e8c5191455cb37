#!/usr/bin/env bash
# A 429 with `Retry-After: 7` is asked for four times more within a second, and arrives without the header.
#
# Software: smg 1.13.0 (SGLang's model gateway), `smg launch --backend openai`, its settings otherwise as they are
# Expected: status 429 with `Retry-After: 7` after one request, as from the server behind it.
# Seen:     five requests at the server behind it, then status 429 with the body alone.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && upstream="" && server=""
trap 'for pid in $upstream $server; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q smg==1.13.0
free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
behind=$(free_port) && port=$(free_port) && metrics=$(free_port)
cat >upstream.py <<'PYTHON' # lists a model, and is asked too often
import http.server, json, sys
class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        self.answer(200, {"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "me"}]})
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        print("asked", flush=True)
        self.answer(429, {"error": {"message": "No.", "type": "requests", "code": "rate_limit_exceeded"}}, Retry_After="7")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PYTHON
python upstream.py "$behind" >>asked.txt 2>upstream.log &
upstream=$!
smg launch --backend openai --worker-urls "http://127.0.0.1:$behind" --host 127.0.0.1 --port "$port" --prometheus-port "$metrics" >server.log 2>&1 &
server=$!
until curl -s -m 5 -H "Authorization: Bearer k" "http://127.0.0.1:$port/v1/models" | grep -q '"m"'; do kill -0 "$server"; sleep 0.5; done
ask() { curl -s -i -H "Authorization: Bearer k" -H "Content-Type: application/json" "$1/v1/chat/completions" \
    -d '{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}'; }
ask "http://127.0.0.1:$behind" | grep -i '^retry-after: 7'
: >asked.txt
ask "http://127.0.0.1:$port" | tee answer.txt && echo
echo "$(grep -c asked asked.txt) requests behind the gateway"
grep -q '^HTTP/1.1 429' answer.txt && ! grep -qi '^retry-after' answer.txt && [ "$(grep -c asked asked.txt)" = 5 ]
