#!/usr/bin/env bash
# OpenRouter's own client for TypeScript takes no chat completion that has no `system_fingerprint`, an optional field.
#
# Software: @openrouter/sdk 1.3.19 (npm)
# Expected: the answer: OpenAI's description of a chat completion does not require the field, and marks it as deprecated.
#           `serverURL` is there to name another server, and most leave the field out.
# Seen:     `chat.send` throws ResponseValidationError ("Response validation failed") for the whole answer, and gives it
#           where the field is there as null. A streamed answer is read without the field.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @openrouter/sdk@1.3.19 >/dev/null
cat >server.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}
CHOICE = {"index": 0, "logprobs": None, "finish_reason": "stop"}
SAID = {"role": "assistant", "content": "Yes.", "refusal": None}
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = {"system_fingerprint": None} if asked["model"] == "null" else {}
        whole = {**HEAD, **told, "object": "chat.completion", "usage": USAGE, "choices": [{**CHOICE, "message": SAID}]}
        chunk = {**HEAD, **told, "object": "chat.completion.chunk", "choices": [{**CHOICE, "delta": SAID}]}
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n" if asked.get("stream") else json.dumps(whole)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if asked.get("stream") else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
cat >ask.mjs <<'JS'
import { OpenRouter } from "@openrouter/sdk";

const client = new OpenRouter({ apiKey: "none", serverURL: `http://127.0.0.1:${process.argv[2]}/v1` });
const messages = [{ role: "user", content: "Why?" }];
for (const model of ["absent", "null"]) {
  try {
    const answer = await client.chat.send({ chatRequest: { model, messages } });
    console.log(model, answer.choices[0].message.content);
  } catch (error) {
    console.log(model, error.name, error.message);
  }
}
for await (const chunk of await client.chat.send({ chatRequest: { model: "absent", messages, stream: true } })) {
  console.log("streamed", chunk.choices[0].delta.content);
}
JS
python3 server.py >port.txt &
server=$!
for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
node ask.mjs "$(cat port.txt)" | tee seen.txt
[ "$(tr '\n' ';' <seen.txt)" = "absent ResponseValidationError Response validation failed;null Yes.;streamed Yes.;" ]
