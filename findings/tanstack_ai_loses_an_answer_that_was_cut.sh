#!/usr/bin/env bash
# An answer that has reached the longest length that was asked for is an error, and what the model said is gone.
#
# Software: @tanstack/ai 0.58.0 with @tanstack/ai-openai 0.23.1 (npm), which speaks the Responses API
# Expected: the text, and the finish reason "length": chat() has it among its types, and the adapter's code maps
#           "max_output_tokens" to it, as OpenAI words why an answer was cut.
# Seen:     `chat({ stream: false })` throws Error("max_output_tokens") and gives nothing of the text; streamed, the pieces
#           come and RUN_ERROR behind them. OpenAI ends such an answer by `response.incomplete`, which the adapter takes for a
#           failure, and never by the event in which it looks for that reason.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @tanstack/ai@0.58.0 @tanstack/ai-openai@0.23.1 zod@4.6.7 >/dev/null
cat >server.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WHOLE = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "tools": [], "tool_choice": "auto"}
WHOLE |= {"parallel_tool_calls": True, "error": None, "incomplete_details": None, "instructions": None, "metadata": {}}
PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
PART = {"type": "output_text", "text": "Once upon", "annotations": [], "logprobs": []}
ITEM = {"id": "msg_1", "type": "message", "role": "assistant"}
CUT = {**ITEM, "status": "incomplete", "content": [PART]}
USAGE = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
DETAILS = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
END = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "usage": {**USAGE, **DETAILS}}
EVENTS = [
    ("response.created", {"response": {**WHOLE, "status": "in_progress", "output": []}}),
    ("response.output_item.added", {"output_index": 0, "item": {**ITEM, "status": "in_progress", "content": []}}),
    ("response.content_part.added", {**PLACE, "part": {**PART, "text": ""}}),
    ("response.output_text.delta", {**PLACE, "delta": "Once upon", "logprobs": []}),
    ("response.output_text.done", {**PLACE, "text": "Once upon", "logprobs": []}),
    ("response.content_part.done", {**PLACE, "part": PART}),
    ("response.output_item.done", {"output_index": 0, "item": CUT}),
    ("response.incomplete", {"response": {**WHOLE, **END, "output": [CUT]}}),
]

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number, (name, event) in enumerate(EVENTS):
            told = {"type": name, "sequence_number": number, **event}
            self.wfile.write(f"event: {name}\ndata: {json.dumps(told)}\n\n".encode())

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
cat >ask.mjs <<'JS'
import { chat } from "@tanstack/ai";
import { createOpenaiChat } from "@tanstack/ai-openai";

const adapter = createOpenaiChat("m", "none", { baseURL: `http://127.0.0.1:${process.argv[2]}/v1` });
const messages = [{ role: "user", content: "Tell a story." }];
try {
  console.log("whole:", await chat({ adapter, messages, stream: false }));
} catch (error) {
  console.log("whole:", String(error));
}
let text = "";
for await (const chunk of chat({ adapter, messages })) {
  if (chunk.type === "TEXT_MESSAGE_CONTENT") text += chunk.delta;
  if (chunk.type === "RUN_FINISHED") console.log("streamed:", text, chunk.finishReason);
  if (chunk.type === "RUN_ERROR") console.log("streamed:", text, chunk.type, chunk.message);
}
JS
python3 server.py >port.txt &
server=$!
for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
node ask.mjs "$(cat port.txt)" | tee seen.txt
[ "$(tr '\n' ';' <seen.txt)" = "whole: Error: max_output_tokens;streamed: Once upon RUN_ERROR max_output_tokens;" ]
