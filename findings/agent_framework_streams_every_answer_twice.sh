#!/usr/bin/env bash
# Who prints the pieces of an answer as they come, as its documentation does, prints the whole answer once more behind them.
#
# Software: agent-framework-openai 1.17.0 with OpenAIChatClient, which speaks the Responses API
# Expected: pieces that are the answer together: Agent's own example is `async for update in stream: print(update.text,
#           end="")`, and OpenAIChatCompletionClient, its sibling for chat completions, keeps to it.
# Seen:     the event `response.output_text.done`, by which OpenAI ends each text, becomes an update of its own, whose `text`
#           is all of it again. That it stands in place of the others is said by its content's `merge_mode` alone:
#           `get_final_response()`, which heeds it, has the answer once.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q agent-framework-openai==1.17.0 openai==3.57.0
cat >server.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WHOLE = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "tools": [], "tool_choice": "auto"}
WHOLE |= {"parallel_tool_calls": True, "error": None, "incomplete_details": None, "instructions": None, "metadata": {}}
PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
PART = {"type": "output_text", "text": "Hello there.", "annotations": [], "logprobs": []}
ITEM = {"id": "msg_1", "type": "message", "role": "assistant"}
DONE = {**ITEM, "status": "completed", "content": [PART]}
EVENTS = [
    ("response.created", {"response": {**WHOLE, "status": "in_progress", "output": []}}),
    ("response.output_item.added", {"output_index": 0, "item": {**ITEM, "status": "in_progress", "content": []}}),
    ("response.content_part.added", {**PLACE, "part": {**PART, "text": ""}}),
    ("response.output_text.delta", {**PLACE, "delta": "Hello ", "logprobs": []}),
    ("response.output_text.delta", {**PLACE, "delta": "there.", "logprobs": []}),
    ("response.output_text.done", {**PLACE, "text": "Hello there.", "logprobs": []}),
    ("response.content_part.done", {**PLACE, "part": PART}),
    ("response.output_item.done", {"output_index": 0, "item": DONE}),
    ("response.completed", {"response": {**WHOLE, "status": "completed", "output": [DONE]}}),
]
SAID = [{"delta": {"role": "assistant", "content": "Hello "}}, {"delta": {"content": "there."}}]
SAID += [{"delta": {}, "finish_reason": "stop"}]

def responses():
    for number, (name, event) in enumerate(EVENTS):
        yield f"event: {name}\ndata: {json.dumps({'type': name, 'sequence_number': number, **event})}\n\n"

def chat():
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    for choice in SAID:
        yield f"data: {json.dumps({**head, 'choices': [{'index': 0, 'finish_reason': None, **choice}]})}\n\n"
    yield "data: [DONE]\n\n"

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write("".join(responses() if self.path.endswith("/responses") else chat()).encode())

    def log_message(self, *_):
        pass

listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(listener.server_port, flush=True)
listener.serve_forever()
PY
cat >ask.py <<'PY'
import asyncio
import sys

from agent_framework import Agent
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient


async def main():
    printed, final = {}, {}
    for kind in (OpenAIChatCompletionClient, OpenAIChatClient):
        agent = Agent(kind("m", base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none"))
        stream = agent.run("Hi", stream=True)
        printed[kind] = "".join([chunk.text async for chunk in stream])
        final[kind] = (await stream.get_final_response()).text
        print(f"{kind.__name__}: printed {printed[kind]!r}, final {final[kind]!r}")
    assert set(final.values()) == {"Hello there."} == {printed[OpenAIChatCompletionClient]}
    assert printed[OpenAIChatClient] == "Hello there.Hello there."


asyncio.run(main())
PY
python server.py >port.txt &
server=$!
for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
python ask.py "$(cat port.txt)"
