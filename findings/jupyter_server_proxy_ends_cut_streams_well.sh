#!/usr/bin/env bash
# jupyter-server-proxy ends a stream that was cut as if it were whole, with two words of its own behind it.
#
# Software: jupyter-server-proxy 4.6.0 (jupyter-server 2.21.1), in front of a server that is gone behind its third word;
#           asked with the `Accept: text/event-stream` that it wants for streams
# Expected: the connection breaks off for the reader too, as behind nginx, Apache, HAProxy, Caddy and Traefik: curl says
#           18, "transfer closed".
# Seen:     three words, "Connection closed" as a line that no reader of events heeds, and a proper end: curl says 0. And
#           who leaves is not noticed: the server behind writes all its words for nobody.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && proxy=""
trap 'for pid in $model $proxy; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q "jupyter-server-proxy==4.6.0" "jupyter-server==2.21.1"
ports=$(python -c 'import socket; s = [socket.create_server(("127.0.0.1", 0)) for _ in "ab"]; print(*(x.getsockname()[1] for x in s))')
read -r behind port <<<"$ports"
cat >model.py <<'PY'
import http.server, json, sys, time

WORDS = 30


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        written = 0
        try:
            for written in range(1, WORDS + 1):
                choice = {"index": 0, "delta": {"content": f"word{written} "}, "finish_reason": None}
                event = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                time.sleep(0.1)
                if self.path.endswith("/cut") and written == 3:
                    return
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass
        with open("written.txt", "a") as note:
            print(written, file=note, flush=True)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python model.py "$behind" 2>model.log &
model=$!
HOME=$work jupyter server --allow-root --no-browser --ServerApp.ip=127.0.0.1 --ServerApp.port="$port" \
  --ServerApp.token=token >proxy.log 2>&1 &
proxy=$!
until curl -sf "http://127.0.0.1:$port/api" >api.json; do kill -0 "$proxy"; sleep 0.3; done
ask() { curl -sN -m 20 -H 'Authorization: token token' -H 'Accept: text/event-stream' -d '{}' "$1"; }
direct=0 && ask "http://127.0.0.1:$behind/cut" >direct.txt || direct=$?
through=0 && ask "http://127.0.0.1:$port/proxy/$behind/cut" >through.txt || through=$?
echo "curl says $direct without it, $through behind it, where the last line is:" && tail -n 1 through.txt && echo
[ "$direct $through $(grep -c word direct.txt) $(grep -c word through.txt)" = "18 0 3 3" ]
[ "$(tail -n 1 through.txt)" = "Connection closed" ]
ask "http://127.0.0.1:$port/proxy/$behind/all" | head -n 3 >left.txt || true
for _ in $(seq 40); do [ -s written.txt ] || sleep 0.2; done
echo "left behind $(grep -c word left.txt) words; written all the same: $(cat written.txt)"
[ "$(cat written.txt)" = 30 ]
