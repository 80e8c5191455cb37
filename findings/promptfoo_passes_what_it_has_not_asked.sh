#!/usr/bin/env bash
# One provider whose key is wrong ends the evaluation of all, which has then "passed (100%)", with 0 errors and exit code 0.
#
# Software: promptfoo 0.121.20 (npm, on Node.js 24.21.0), `promptfoo eval` with three providers and one prompt
# Expected: two results and one error, of the provider that answers with status 401, and exit code 100, as where one of
#           them answers with status 400.
# Seen:     "Target returned HTTP 401. Aborting scan": who comes behind it is not asked, and the failure itself counts neither
#           as a failure nor as an error: "1 passed (100%), 0 failed, 0 errors", exit code 0, `stats.errors` 0 in the JSON. So
#           do 403, 404 and 501, as for a model whose name one of the servers does not know.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || true; }; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund node@24.21.0 promptfoo@0.121.20 >npm.log 2>&1 || { tail npm.log; exit 1; }
cat >server.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SAID = {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}
WHOLE = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [SAID]}
REFUSED = {"error": {"message": "Wrong key.", "type": "invalid_request_error", "code": "invalid_api_key"}}

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Authorization"].removeprefix("Bearer ")
        with open("asked.txt", "a") as asked:
            asked.write(f"{key}\n")
        status = int(key) if key.isdecimal() else 200
        body = json.dumps(WHOLE if status == 200 else REFUSED).encode()
        self.send_response(status)
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
python3 server.py >port.txt &
server=$!
until [ -s port.txt ]; do sleep 0.1; done
export HOME="$work" PATH="$work/node_modules/.bin:$PATH"
export PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 PROMPTFOO_CACHE_ENABLED=false
compare() { # providers whose second one answers with a status
  local code=0
  : >asked.txt
  python3 - "http://127.0.0.1:$(cat port.txt)/v1" "$1" <<'PY' >config.json
import json, sys
of = lambda key: {"id": "openai:chat:m", "label": key, "config": {"apiBaseUrl": sys.argv[1], "apiKey": key}}
print(json.dumps({"prompts": ["Hi"], "providers": [of("first"), of(sys.argv[2]), of("last")], "tests": [{"vars": {"a": "b"}}]}))
PY
  promptfoo eval -c config.json -o out.json -j 1 --no-table --no-progress-bar >said.txt 2>&1 || code=$?
  python3 - "$code" <<'PY'
import json, sys
stats = json.load(open("out.json"))["results"]["stats"]
told = ", ".join(f"{stats[name]} {name}" for name in ("successes", "failures", "errors"))
print(f"asked {', '.join(open('asked.txt').read().split())}: {told}, exit code {sys.argv[1]}")
PY
}
compare 400 | tee seen.txt && compare 401 | tee -a seen.txt
grep -E "HTTP 401|passed \(" said.txt
[ "$(sed -n 1p seen.txt)" = "asked first, 400, last: 2 successes, 0 failures, 1 errors, exit code 100" ]
[ "$(sed -n 2p seen.txt)" = "asked first, 401: 1 successes, 0 failures, 0 errors, exit code 0" ]
for status in 403 404 501; do
  compare "$status" | tee other.txt
  [ "$(cat other.txt)" = "asked first, $status: 1 successes, 0 failures, 0 errors, exit code 0" ]
done
