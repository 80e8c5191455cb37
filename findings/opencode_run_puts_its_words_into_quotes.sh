#!/usr/bin/env bash
# What `opencode run` is asked reaches the model in quotation marks: each word of the shell that holds a blank.
#
# Software: opencode-ai 1.18.33, and Node.js 18 or newer
# Expected: `opencode run 'Why not?'` asks: Why not?
# Seen:     it asks: "Why not?" with the marks, and so does each question after it; a word without blanks is as it was.
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
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = body["messages"][-1]["content"]
        said = said if isinstance(said, str) else "".join(part["text"] for part in said)
        if not said.startswith("Generate a title"):  # which it asks for itself
            with open("asked.txt", "a") as file:
                file.write(said + "\n")
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
for words in 'Why not?' 'Why?'; do
  env -i PATH="$PATH" HOME="$work/home" PWD="$PWD" \
    timeout 120 ../node_modules/.bin/opencode run -m here/m "$words" </dev/null >../said.txt 2>&1
done
cd ..
sort asked.txt | uniq
[ "$(sort asked.txt | uniq)" = "$(printf '"Why not?"\nWhy?')" ]
