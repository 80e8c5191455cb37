#!/usr/bin/env bash
# With --print, Claude Code's --continue does not go on with the session that --print has just made.
#
# Software: @anthropic-ai/claude-code 2.1.100, and Node.js 18 or newer
# Expected: `claude --print One`, then `claude --print --continue Two` in the same folder sends `One` and its answer along.
# Seen:     the second question is sent alone, in a session of its own; `--resume` with the id of the first goes on.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
mkdir home project
npm install --silent --no-audit --no-fund --prefix "$work" @anthropic-ai/claude-code@2.1.100 >npm.log
cat >answering.py <<'PY'
import http.server, json

MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
           "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
EVENTS = [
    {"type": "message_start", "message": MESSAGE},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Yes."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
]

class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        with open("asked.txt", "a") as file:
            file.write(json.dumps(asked.get("messages")) + "\n")
        if asked.get("stream"):
            kind, body = "text/event-stream", "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in EVENTS)
        else:
            content = [{"type": "text", "text": "Yes."}]
            kind, body = "application/json", json.dumps({**MESSAGE, "content": content, "stop_reason": "end_turn"})
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 answering.py >port.txt &
server=$!
until [ -s port.txt ]; do sleep 0.1; done
url="http://127.0.0.1:$(cat port.txt)"
ask() {
  (cd project && env -i PATH="$PATH" HOME="$work/home" ANTHROPIC_BASE_URL="$url" ANTHROPIC_AUTH_TOKEN=k ANTHROPIC_MODEL=m \
    ANTHROPIC_SMALL_FAST_MODEL=m CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 \
    timeout 120 ../node_modules/.bin/claude --print "$@" </dev/null >>../said.txt 2>&1)
}
ask FIRST-QUESTION
session=$(basename "$(ls home/.claude/projects/*/*.jsonl)" .jsonl)
ask --continue SECOND-QUESTION
ask --resume "$session" THIRD-QUESTION
continued=$(grep SECOND-QUESTION asked.txt | grep -v THIRD-QUESTION | grep -c FIRST-QUESTION || true)
resumed=$(grep THIRD-QUESTION asked.txt | grep -c FIRST-QUESTION || true)
echo "with the first question: $continued when continued, $resumed when resumed"
[ "$continued" = 0 ] && [ "$resumed" -gt 0 ] && grep -q SECOND-QUESTION asked.txt
