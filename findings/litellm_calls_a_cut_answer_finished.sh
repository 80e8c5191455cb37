#!/usr/bin/env bash
# An answer that broke off behind the proxy leaves it as a finished one.
#
# Software: litellm[proxy] 1.108.7
# Expected: an error event, or an end without finish_reason: what came from behind had neither that nor [DONE].
# Seen:     a chunk with `"finish_reason":"stop"` is made up, then `data: [DONE]`.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q 'litellm[proxy]==1.108.7'
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export LITELLM_LOCAL_MODEL_COST_MAP=True
start() { # with the configuration on stdin
  cat >config.yaml
  litellm --config config.yaml --host 127.0.0.1 --port "$port" --telemetry False >server.log 2>&1 &
  server=$!
  until curl -sf "http://127.0.0.1:$port/health/liveliness" >alive.json; do kill -0 "$server"; sleep 1; done
}
ask() { curl -s "$@" -H 'Authorization: Bearer sk-right' -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions"; }
cat >upstream.py <<'PYTHON' # answers with two chunks, and its connection ends before there is a finish_reason or [DONE]
import http.server, sys
class Cut(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in ("The answer", " is"):
            chunk = '{"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, '
            self.wfile.write(f'data: {chunk}"delta": {{"role": "assistant", "content": "{word}"}}, "finish_reason": null}}]}}\n\n'.encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Cut).serve_forever()
PYTHON
upstream_port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python upstream.py "$upstream_port" >upstream.log 2>&1 &
upstream=$! && trap 'kill "$server" "$upstream"; rm -rf "$work"' EXIT
start <<YAML
model_list: [{model_name: m, litellm_params: {model: openai/m, api_base: "http://127.0.0.1:$upstream_port/v1", api_key: k}}]
general_settings: {master_key: sk-right}
YAML
ask -d '{"model": "m", "stream": true, "messages": [{"role": "user", "content": "What is the answer?"}]}' | tee answer.txt
grep -q '"finish_reason":"stop"' answer.txt && grep -q '^data: \[DONE\]' answer.txt
