#!/usr/bin/env bash
# Behind jupyter-server-proxy the `openai` package gets a streamed answer all at once, when it is over.
#
# Software: jupyter-server-proxy 4.6.0 (jupyter-server 2.21.1), in front of a server that writes a word every tenth of a
#           second; `openai` 3.57.0, whose key is the token of Jupyter
# Expected: the words come one by one: the answer says `text/event-stream`, and Server-Sent Events are passed on as they
#           come.
# Seen:     what counts is the question: unless its `Accept` is `text/event-stream` and nothing else, the whole answer is
#           gathered first. `openai` sends `application/json` with streamed questions too. With the other header, the
#           words come one by one.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && proxy=""
trap 'for pid in $model $proxy; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q "jupyter-server-proxy==4.6.0" "jupyter-server==2.21.1" "openai==3.57.0"
ports=$(python -c 'import socket; s = [socket.create_server(("127.0.0.1", 0)) for _ in "ab"]; print(*(x.getsockname()[1] for x in s))')
read -r behind port <<<"$ports"
cat >model.py <<'PY'
import http.server, json, sys, time


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        print("Accept:", self.headers["Accept"], file=open("accepted.txt", "a"))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number in range(20):
            self.say({"index": 0, "delta": {"content": f"word{number} "}, "finish_reason": None})
            time.sleep(0.1)
        self.say({"index": 0, "delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def say(self, choice):
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python model.py "$behind" 2>model.log &
model=$!
HOME=$work jupyter server --allow-root --no-browser --ServerApp.ip=127.0.0.1 --ServerApp.port="$port" \
  --ServerApp.token=token >proxy.log 2>&1 &
proxy=$!
until curl -sf "http://127.0.0.1:$port/api" >api.json; do kill -0 "$proxy"; sleep 0.3; done
cat >ask.py <<'PY'
import sys, time

from openai import OpenAI

port, behind = sys.argv[1:]
client = OpenAI(base_url=f"http://127.0.0.1:{port}/proxy/{behind}/v1", api_key="token", max_retries=0)


def seconds_of(**options):
    """Return how long it is from the first word to the last, as they arrive."""
    question = [{"role": "user", "content": "Hi"}]
    stream = client.chat.completions.create(model="m", messages=question, stream=True, **options)
    times = [time.monotonic() for chunk in stream if chunk.choices[0].delta.content]
    print(len(times), f"words in {times[-1] - times[0]:.1f} s", options)
    return times[-1] - times[0]


assert seconds_of() < 0.5
assert seconds_of(extra_headers={"Accept": "text/event-stream"}) > 1
PY
python ask.py "$port" "$behind"
cat accepted.txt
[ "$(head -n 1 accepted.txt)" = "Accept: application/json" ]
