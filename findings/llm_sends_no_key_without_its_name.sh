#!/usr/bin/env bash
# A key that is given for a model of extra-openai-models.yaml is not sent unless the entry has `api_key_name`.
#
# Software: llm 0.36
# Expected: `llm --key KEY` sends KEY, as it does for models of OpenAI, or says that the model takes none.
# Seen:     the server gets another key, without a word: who has the right one is refused all the same.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "llm==0.36" "openai<4"
cat > "$work/run.py" <<'PY'
import http.server, json, os, subprocess, sys, threading
work, keys = sys.argv[1], []
class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        keys.append(self.headers["Authorization"])
        message = {"role": "assistant", "content": "Hello."}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice],
                           "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.makedirs(f"{work}/user")
for name in ("", "  api_key_name: mine\n"):
    entry = f"- model_id: m\n  model_name: m\n  api_base: http://127.0.0.1:{server.server_port}/v1\n{name}"
    open(f"{work}/user/extra-openai-models.yaml", "w").write(entry)
    command = [f"{work}/venv/bin/llm", "-m", "m", "--no-stream", "--key", "the-right-key", "Hello"]
    subprocess.run(command, check=True, env={**os.environ, "LLM_USER_PATH": f"{work}/user"}, stdin=subprocess.DEVNULL)
print("without api_key_name:", keys[0], "with:", keys[1])
sys.exit(0 if "the-right-key" not in keys[0] and "the-right-key" in keys[1] else 1)
PY
python3 "$work/run.py" "$work"
