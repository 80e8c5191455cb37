#!/usr/bin/env bash
# To every server of one's own Codex sends tools that only OpenAI has, and keeps asking with a key that is refused.
#
# Software: @openai/codex 0.171.0
# Expected: a provider of one's own that speaks the Responses API is sent functions, unless it says that it can do more,
#           and status 401 ends the question.
# Seen:     among the tools are one of type `namespace` and one of type `web_search`, so that a server which checks its
#           input can answer nothing; with a wrong key it asks six times.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
mkdir home project
npm install --silent --no-audit --no-fund --prefix "$work" @openai/codex@0.171.0 >npm.log
cat >refusing.py <<'PY'
import http.server, json

ERROR = {"error": {"message": "Wrong key.", "type": "authentication_error", "param": None, "code": "invalid_api_key"}}

class Refusing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        with open("asked.txt", "a") as file:
            file.write(" ".join(sorted({tool["type"] for tool in asked["tools"]})) + "\n")
        body = json.dumps(ERROR).encode()
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
touch asked.txt
python3 refusing.py >port.txt &
server=$!
until [ -s port.txt ]; do sleep 0.1; done
cat >home/config.toml <<TOML
model = "m"
model_provider = "own"
[model_providers.own]
name = "own"
base_url = "http://127.0.0.1:$(cat port.txt)/v1"
env_key = "OWN_KEY"
wire_api = "responses"
TOML
cd project
env -i PATH="$PATH" HOME="$work/home" CODEX_HOME="$work/home" OWN_KEY=wrong \
  timeout 120 ../node_modules/.bin/codex exec --skip-git-repo-check 'Why?' </dev/null >../said.txt 2>&1 || true
cd ..
kinds=$(head -1 asked.txt)
echo "tools: $kinds; asked $(wc -l <asked.txt) times"
[ "$kinds" = "function namespace web_search" ] && [ "$(wc -l <asked.txt)" = 6 ]
