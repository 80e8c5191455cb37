#!/usr/bin/env bash
# A streamed response that ends at `max_output_tokens` is read to its end by the openai package, which then has none.
#
# Software: openai 3.57.0 (Python)
# Expected: `get_final_response` gives the response with status `incomplete` and what was said, as `responses.create`
#           does for the same answer.
# Seen:     RuntimeError "Didn't receive a `response.completed` event.", which is none of the package's errors; what was
#           said is in the last event alone.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q openai==3.57.0
cat >cutting.py <<'PY'
import http.server, json

HEAD = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": []}
TEXT = {"type": "output_text", "text": "Once upon", "annotations": []}
NEW = {"id": "msg_1", "type": "message", "role": "assistant"}
AT = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
CUT = {"incomplete_details": {"reason": "max_output_tokens"}}
ITEM = {**NEW, "status": "incomplete", "content": [TEXT]}
EVENTS = [
    ("response.created", {"response": {**HEAD, "status": "in_progress", "output": []}}),
    ("response.output_item.added", {"output_index": 0, "item": {**NEW, "status": "in_progress", "content": []}}),
    ("response.content_part.added", {**AT, "part": {**TEXT, "text": ""}}),
    ("response.output_text.delta", {**AT, "delta": "Once upon", "logprobs": []}),
    ("response.output_text.done", {**AT, "text": "Once upon", "logprobs": []}),
    ("response.content_part.done", {**AT, "part": TEXT}),
    ("response.output_item.done", {"output_index": 0, "item": ITEM}),
    ("response.incomplete", {"response": {**HEAD, "status": "incomplete", "output": [ITEM], **CUT}}),
]

class Cutting(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        self.send_response(200)
        if asked.get("stream"):
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for number, (name, told) in enumerate(EVENTS):
                data = json.dumps({"type": name, "sequence_number": number, **told})
                self.wfile.write(f"event: {name}\ndata: {data}\n\n".encode())
        else:
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(EVENTS[-1][1]["response"]).encode())

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cutting)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 cutting.py >port.txt &
server=$!
until [ -s port.txt ]; do sleep 0.1; done
cat >ask.py <<'PY'
import sys
import openai

client = openai.OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none", max_retries=0)
whole = client.responses.create(model="m", input="Tell a story.", max_output_tokens=2)
with client.responses.stream(model="m", input="Tell a story.", max_output_tokens=2) as stream:
    last = [event.type for event in stream][-1]
    try:
        final = stream.get_final_response().status
    except Exception as error:
        final = type(error).__name__
print(f"whole: {whole.status}; last event: {last}; final response: {final}")
PY
said=$(venv/bin/python ask.py "$(cat port.txt)")
echo "$said"
[ "$said" = "whole: incomplete; last event: response.incomplete; final response: RuntimeError" ]
