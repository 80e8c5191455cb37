#!/usr/bin/env bash
# A streamed answer that max_tokens has cut, or that broke off behind the proxy, leaves it as a finished one.
#
# Software: lm-proxy 3.3.2
# Expected: `"finish_reason": "length"`, as of the same answer that is not streamed, and an error where there was no end.
# Seen:     `"finish_reason": "stop"` and `data: [DONE]` for both.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && upstream="" && server=""
trap 'for pid in $upstream $server; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q lm-proxy==3.3.2
free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
behind=$(free_port) && port=$(free_port)
cat >upstream.py <<'PYTHON' # is cut by max_tokens, or ends without a finish_reason where the question says "break"
import http.server, json, sys
def chunk(delta, reason):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if asked.get("stream") else "application/json")
        self.end_headers()
        message = {"role": "assistant", "content": "The answer is"}
        if not asked.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": "length"}
            whole = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
            self.wfile.write(json.dumps(whole).encode())
            return
        self.wfile.write(f"data: {json.dumps(chunk(message, None))}\n\n".encode())
        if asked["messages"][0]["content"] != "break":
            self.wfile.write(f"data: {json.dumps(chunk({}, 'length'))}\n\ndata: [DONE]\n\n".encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PYTHON
python upstream.py "$behind" >upstream.log 2>&1 &
upstream=$!
cat >config.toml <<TOML
host = "127.0.0.1"
port = $port
[connections.local]
api_type = "openai"
api_base = "http://127.0.0.1:$behind/v1"
api_key = "k"
[routing]
"*" = "local.*"
[groups.default]
api_keys = ["right"]
TOML
lm-proxy --config config.toml >server.log 2>&1 &
server=$!
until curl -sf -H "Authorization: Bearer right" "http://127.0.0.1:$port/v1/models" >models.json; do kill -0 "$server"; sleep 0.5; done
ask() { # streamed or not, and what
    curl -sN -H "Authorization: Bearer right" -H "Content-Type: application/json" "http://127.0.0.1:$port/v1/chat/completions" \
        -d "{\"model\": \"m\", \"max_tokens\": 3, \"stream\": $1, \"messages\": [{\"role\": \"user\", \"content\": \"$2\"}]}"
}
ask false cut | tee whole.json && echo
ask true cut | tee cut.txt
ask true break | tee broken.txt
grep -q '"finish_reason": *"length"' whole.json
for answer in cut.txt broken.txt; do
    grep -q '"finish_reason": "stop"' "$answer" && grep -q '^data: \[DONE\]' "$answer"
done
