#!/usr/bin/env bash
# The health check of LiteLLM's proxy asks its models as a person would, whatever `DEFAULT_HEALTH_CHECK_PROMPT` says.
#
# Software: litellm[proxy] 1.108.7
# Expected: with `DEFAULT_HEALTH_CHECK_PROMPT="ping of mine"` set, `GET /health` asks: ping of mine
# Seen:     it asks `Hey how's it going?` or `What's 1 + 1?`, by chance; nothing in the request marks it as a check.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && proxy=""
trap 'for one in $model $proxy; do kill "$one" && wait "$one" || true; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv here
here/bin/pip install --quiet 'litellm[proxy]==1.108.7' >pip.log
cat >answering.py <<'PY'
import http.server, json

class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with open("asked.txt", "a") as file:
            file.write(asked["messages"][-1]["content"] + "\n")
        choice = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        body = json.dumps({"id": "c1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 answering.py >port.txt &
model=$!
until [ -s port.txt ]; do sleep 0.1; done
cat >config.yaml <<YAML
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_base: "http://127.0.0.1:$(cat port.txt)/v1", api_key: none}
YAML
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
DEFAULT_HEALTH_CHECK_PROMPT="ping of mine" LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_MASTER_KEY=sk-one-of-mine-0123456789abcdef \
  here/bin/litellm --config config.yaml --host 127.0.0.1 --port "$port" >proxy.log 2>&1 &
proxy=$!
ask() { curl --silent --fail --max-time 60 -H "Authorization: Bearer sk-one-of-mine-0123456789abcdef" "http://127.0.0.1:$port$1"; }
for _ in $(seq 180); do ask /health/liveliness >alive.txt 2>&1 && break || sleep 1; done
ask /health >health.txt
cat asked.txt
[ -s asked.txt ] && [ "$(grep -cvx -e "Hey how's it going?" -e "What's 1 + 1?" asked.txt)" = 0 ]
