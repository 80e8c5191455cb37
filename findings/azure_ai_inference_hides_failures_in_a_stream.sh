#!/usr/bin/env bash
# To azure-ai-inference an answer that fails while it is streamed is one that has ended.
#
# Software: azure-ai-inference 1.0.0b9, beside openai 3.57.0, in front of a server that says what failed behind its second
#           word, as OpenAI, vLLM, LiteLLM and OpenRouter do: `data: {"error": {…}}`
# Expected: an error is raised, with its words, as for a failure before the first word, and as `openai` does.
# Seen:     two words, an update without choices, and an end: nothing is raised, whatever the error is. The only sign is
#           that no update has a `finish_reason`. The error of a refusal is raised.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model=""
trap '[ -z "$model" ] || kill "$model"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q "azure-ai-inference==1.0.0b9" "openai==3.57.0"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >model.py <<'PY'
import http.server, json, sys

ERROR = {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}}


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(500 if asked["model"] == "refusing" else 200)
        self.send_header("Content-Type", "application/json" if asked["model"] == "refusing" else "text/event-stream")
        self.end_headers()
        if asked["model"] == "refusing":
            return self.wfile.write(json.dumps(ERROR).encode())
        for word in ("one ", "two "):
            choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            self.say({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})
        self.say(ERROR)

    def say(self, chunk):
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python model.py "$port" 2>model.log &
model=$!
python -c 'import socket, sys, time
while socket.socket().connect_ex(("127.0.0.1", int(sys.argv[1]))):
    time.sleep(0.1)' "$port"
cat >ask.py <<'PY'
import sys
from importlib.metadata import version

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from openai import APIError, OpenAI

url = f"http://127.0.0.1:{sys.argv[1]}/v1"
azure = ChatCompletionsClient(endpoint=url, credential=AzureKeyCredential("key"), retry_total=0)
openai = OpenAI(base_url=url, api_key="key", max_retries=0)


def of_azure(model):
    return azure.complete(messages=[UserMessage("Hi")], model=model, stream=True)


def of_openai(model):
    return openai.chat.completions.create(messages=[{"role": "user", "content": "Hi"}], model=model, stream=True)


def heard(ask, model, error):
    """Return what is read of an answer, and how it ends."""
    words, reasons = [], set()
    try:
        for update in ask(model):
            for choice in update.choices or ():
                words.append(choice.delta.content)
                reasons.add(choice.finish_reason)
    except error as raised:
        return words, type(raised).__name__
    return words, f"ended, reasons: {reasons}"


print("azure-ai-inference", version("azure-ai-inference"))
failing = heard(of_azure, "failing", HttpResponseError)
refusing = heard(of_azure, "refusing", HttpResponseError)
beside = heard(of_openai, "failing", APIError)
print("failing: ", failing, "\nrefusing:", refusing, "\nopenai:  ", beside)
assert failing == (["one ", "two "], "ended, reasons: {None}")
assert refusing == ([], "HttpResponseError")
assert beside == (["one ", "two "], "APIError")
PY
python ask.py "$port"
