#!/usr/bin/env bash
# With a `system_message`, which is in its signature and its documentation, Gradio's `load_chat` asks no question.
#
# Software: gradio 6.31.0 with openai 3.57.0: `gr.load_chat(base_url, model=…, system_message="Answer in French.")`
# Expected: the system message goes before what is asked, and the answer comes.
# Seen:     each question fails before anything is sent, as a ValueError, "Each element must have a type key": the system
#           message is text, and is read as a list of parts. The same chat without one answers.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model=""
trap '[ -z "$model" ] || kill "$model"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q "gradio==6.31.0" "openai==3.57.0"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >model.py <<'PY'
import http.server, json, sys


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(json.dumps(asked["messages"]), file=open("asked.txt", "a"))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for delta, reason in (({"content": "Hello."}, None), ({}, "stop")):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python model.py "$port" 2>model.log &
model=$!
python -c 'import socket, sys, time
while socket.socket().connect_ex(("127.0.0.1", int(sys.argv[1]))):
    time.sleep(0.1)' "$port"
cat >ask.py <<'PY'
import sys

import gradio
from gradio_client import Client
from gradio_client.exceptions import AppError

print("gradio", gradio.__version__)


def answer(**options):
    """Return what a question gets, asked as Gradio's own client asks a page of it."""
    chat = gradio.load_chat(f"http://127.0.0.1:{sys.argv[1]}/v1", model="m", token="key", **options)
    _, page, _ = chat.launch(prevent_thread_lock=True, quiet=True, show_error=True, server_name="127.0.0.1")
    try:
        return Client(page, verbose=False).predict({"text": "Hi", "files": []}, api_name="/open_api_stream")
    except AppError as error:
        return f"failed: {error}"
    finally:
        chat.close(verbose=False)


alone, told = answer(), answer(system_message="Answer in French.")
asked = open("asked.txt").read().splitlines()
print("alone:", alone, "| with a system message:", told, "| asked:", asked)
assert alone == "Hello."
assert "Each element must have a type key" in told
assert len(asked) == 1
PY
GRADIO_ANALYTICS_ENABLED=False python ask.py "$port" 2>chat.log
