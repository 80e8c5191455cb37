#!/usr/bin/env bash
# A stream of smolagents that is closed goes on being read until the garbage collector runs: the model server speaks on.
#
# Software: smolagents[openai] 1.26.0, openai 3.57.0
# Expected: `close()` of what `generate_stream` gives hangs up, as leaving the `with` of openai's own stream does.
# Seen:     the server can send all of its 60 pieces, for 3 seconds; after `gc.collect()` it is left within some pieces.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv here
here/bin/pip install --quiet 'smolagents[openai]==1.26.0' openai==3.57.0 >pip.log
cat >leave.py <<'PY'
import gc, http.server, json, sys, threading, time

from smolagents import OpenAIModel

ended = threading.Event()

class Speaking(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self.server.said = "all of it"
        for _ in range(60):
            try:
                self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            except OSError:
                self.server.said = "a part"
                break
            time.sleep(0.05)
        ended.set()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Speaking)
threading.Thread(target=server.serve_forever, daemon=True).start()
model = OpenAIModel(model_id="m", api_base=f"http://127.0.0.1:{server.server_address[1]}/v1", api_key="none")
pieces = model.generate_stream([{"role": "user", "content": [{"type": "text", "text": "Why?"}]}])
next(pieces)
pieces.close()
if sys.argv[1] == "collected":
    gc.collect()
assert ended.wait(60)
print(server.said)
PY
closed=$(here/bin/python leave.py closed)
collected=$(here/bin/python leave.py collected)
echo "closed: $closed was said, collected: $collected was said"
[ "$closed" = "all of it" ] && [ "$collected" = "a part" ]
