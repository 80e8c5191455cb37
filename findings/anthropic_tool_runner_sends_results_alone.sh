#!/usr/bin/env bash
# The tool runner sends the result of a tool without the question, to every server that does not refuse `thread`.
#
# Software: anthropic 2.14.0
# Expected: as in every other request of the Messages API, all that was said comes again with the result.
# Seen:     the first request has `"thread": {"type": "create"}`; a server that does not know the field and answers gets
#           the result alone after that, with the id of its answer, and its model does not know what was asked.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "anthropic==2.14.0"
cat >"$work/run.py" <<'PY'
import http.server, json, sys, threading
from anthropic import Anthropic, beta_tool

asked = []

class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        call = {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"city": "Paris"}}
        content, reason = ([call], "tool_use") if len(asked) == 1 else ([{"type": "text", "text": "Rain."}], "end_turn")
        body = json.dumps({"id": f"msg_{len(asked)}", "type": "message", "role": "assistant", "model": "m",
                           "content": content, "stop_reason": reason, "stop_sequence": None,
                           "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

@beta_tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return "9 mm"

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Anthropic(base_url=f"http://127.0.0.1:{server.server_port}", api_key="none", max_retries=0)
question = {"role": "user", "content": "Weather?"}
client.beta.messages.tool_runner(model="m", max_tokens=50, messages=[question], tools=[get_weather]).until_done()
kinds = [block["type"] for message in asked[1]["messages"] for block in message["content"]]
print("thread:", asked[0].get("thread"), "then", asked[1].get("thread"), "with", kinds, "and tools:", "tools" in asked[1])
sys.exit(0 if kinds == ["tool_result"] and len(asked[1]["messages"]) == 1 else 1)
PY
"$work/venv/bin/python" "$work/run.py"
