#!/usr/bin/env bash
# With a wrong key Claude Code asks again and again, unless a header says that this is of no use.
#
# Software: @anthropic-ai/claude-code 2.1.100, and Node.js 18 or newer
# Expected: status 401 ends the question at once, as it does in the `anthropic` package.
# Seen:     after 30 seconds it still asks; with `x-should-retry: false` it gives up after the first answer.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
mkdir home project
npm install --silent --no-audit --no-fund --prefix "$work" @anthropic-ai/claude-code@2.1.100 >npm.log
cat >refusing.py <<'PY'
import http.server, json, sys

ERROR = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}

class Refusing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        with open("asked.txt", "a") as file:
            file.write(self.path + "\n")
        body = json.dumps(ERROR).encode()
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if sys.argv[1] == "final":
            self.send_header("x-should-retry", "false")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
ask() { # prints the exit code, 124 after 30 seconds, and how often it asked
  rm -f asked.txt port.txt && touch asked.txt
  python3 refusing.py "$1" >port.txt &
  server=$!
  until [ -s port.txt ]; do sleep 0.1; done
  code=0
  url="http://127.0.0.1:$(cat port.txt)"
  cd project
  env -i PATH="$PATH" HOME="$work/home" ANTHROPIC_BASE_URL="$url" ANTHROPIC_AUTH_TOKEN=wrong ANTHROPIC_MODEL=m \
    ANTHROPIC_SMALL_FAST_MODEL=m CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 \
    timeout 30 ../node_modules/.bin/claude --print 'Why?' </dev/null >../said.txt 2>&1 || code=$?
  cd ..
  kill "$server" && server=""
  echo "$code $(wc -l <asked.txt)"
}
usual=$(ask usual)
final=$(ask final)
echo "without the header: $usual, with it: $final"
[ "${usual% *}" = 124 ] && [ "${usual#* }" -gt 1 ] && [ "$final" = "1 1" ]
