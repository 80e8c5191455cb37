#!/usr/bin/env bash
# An agent of a server on this machine asks the web for OpenAI's tokens before its second question, and answers with why not.
#
# Software: griptape 1.13.0 with OpenAiChatPromptDriver and a `base_url` of this machine
# Expected: two answers of the local server: `base_url` is there to name it, its model is no one of OpenAI's, and the first
#           question needs nothing else. Where something fails, an exception, as the failure is no answer.
# Seen:     the memory of an agent counts tokens from the second question on. For that tiktoken asks for OpenAI's encoding on
#           the web; without a network (here: a proxy that is not there) the server is not asked at all, and
#           `output.value`, where the first answer was, holds the words of the failed connection. Nothing is raised.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q griptape==1.13.0
cat >server.py <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SAID = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
ANSWER = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [SAID], "usage": USAGE}

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        open("asked.txt", "a").write("asked\n")
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
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
cat >ask.py <<'PY'
import logging
import sys

from griptape.drivers.prompt.openai import OpenAiChatPromptDriver
from griptape.structures import Agent

logging.disable(logging.CRITICAL)
url = f"http://127.0.0.1:{sys.argv[1]}/v1"
agent = Agent(prompt_driver=OpenAiChatPromptDriver(model="m", base_url=url, api_key="none", stream=False))
answers = [str(agent.run(question).output.value) for question in ("One?", "Two?")]
asked = len(open("asked.txt").readlines())
print("first:", answers[0])
print("second:", answers[1][:90], "...")
print("the server was asked", asked, "time(s)")
assert answers[0] == "Yes." and "tiktoken" in answers[1] and asked == 1
PY
python server.py >port.txt &
server=$!
for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
export TIKTOKEN_CACHE_DIR="$work/cache" HTTPS_PROXY=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
python ask.py "$(cat port.txt)"
