#!/usr/bin/env bash
# When `opencode run` has ended, its database alone holds nothing: no table, all is in the file beside it.
#
# Software: opencode-ai 1.18.33, and Node.js 18 or newer
# Expected: opencode.db holds the session once the program has ended, as SQLite empties the file that ends in -wal and
#           removes it when the last connection is closed.
# Seen:     opencode.db has 4,096 bytes and no tables, opencode.db-wal has them: who copies the database has nothing.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
mkdir home project
npm install --silent --no-audit --no-fund --prefix "$work" opencode-ai@1.18.33 >npm.log
cat >answering.py <<'PY'
import http.server, json

class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for delta, reason in (({"role": "assistant", "content": "Yes."}, None), ({}, "stop")):
            chunk = {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 answering.py >port.txt &
server=$!
until [ -s port.txt ]; do sleep 0.1; done
cat >project/opencode.json <<JSON
{"provider": {"here": {"npm": "@ai-sdk/openai-compatible", "name": "here", "models": {"m": {"name": "m"}},
  "options": {"baseURL": "http://127.0.0.1:$(cat port.txt)/v1", "apiKey": "none"}}},
 "small_model": "here/m", "autoupdate": false}
JSON
cd project
env -i PATH="$PATH" HOME="$work/home" PWD="$PWD" \
  timeout 120 ../node_modules/.bin/opencode run -m here/m Why? </dev/null >../said.txt 2>&1
cd ..
cat >looking.py <<'PY'
import pathlib, shutil, sqlite3

there = pathlib.Path("home/.local/share/opencode")
pathlib.Path("alone").mkdir()
shutil.copy(there / "opencode.db", "alone")
shutil.copytree(there, "both")
for folder in ("alone", "both"):
    tables = {name for (name,) in sqlite3.connect(f"{folder}/opencode.db").execute("SELECT name FROM sqlite_master")}
    print(folder, "message" in tables)
PY
python3 looking.py | tee seen.txt
[ "$(cat seen.txt)" = "$(printf 'alone False\nboth True')" ]
