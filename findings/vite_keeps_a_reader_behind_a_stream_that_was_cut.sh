#!/usr/bin/env bash
# A stream that was cut never ends for who reads it through the proxy of Vite's development server.
#
# Software: vite 8.3.8 with `server.proxy`, as pages that ask a server of answers are written, in front of a server that
#           is gone behind its third word
# Expected: the reader's connection breaks off too, as behind http-proxy-middleware 4.2.1, Next.js's rewrites, Fastify's
#           proxy, nginx, Caddy and Traefik: curl says 18, "transfer closed", and fetch throws.
# Seen:     three words come, and the connection stays open: nothing tells the page that there is nothing to wait for,
#           here for the eight seconds that curl was given (28). An answer that ends ends there too, at once.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && proxy=""
trap 'for pid in $model $proxy; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
echo '{"private": true}' >package.json
npm install --no-audit --no-fund --loglevel=error vite@8.3.8 >npm.log
ports=$(python3 -c 'import socket; s = [socket.create_server(("127.0.0.1", 0)) for _ in "ab"]; print(*(x.getsockname()[1] for x in s))')
read -r behind port <<<"$ports"
cat >model.py <<'PY'
import http.server, json, sys, time


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        for word in ("one ", "two ", "three "):
            choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            event = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(0.2)
        if not self.path.endswith("/cut"):
            self.wfile.write(b"0\r\n\r\n")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python3 model.py "$behind" 2>model.log &
model=$!
echo '<!doctype html><title>A page</title>' >index.html
cat >vite.config.mjs <<JS
export default { server: { host: "127.0.0.1", port: $port, strictPort: true, proxy: { "/v1": "http://127.0.0.1:$behind" } } };
JS
node node_modules/vite/bin/vite.js >proxy.log 2>&1 &
proxy=$!
until curl -sf "http://127.0.0.1:$port/" >page.html; do kill -0 "$proxy"; sleep 0.3; done
ask() {
  local said=0
  curl -sN -m 8 -d '{}' "$1" >words.txt || said=$?
  echo "curl says $said behind $(grep -c content words.txt) words"
}
{
  echo "whole, through Vite: $(ask "http://127.0.0.1:$port/v1/whole")"
  echo "cut, asked directly: $(ask "http://127.0.0.1:$behind/v1/cut")"
  echo "cut, through Vite:   $(ask "http://127.0.0.1:$port/v1/cut")"
} | tee said.txt
[ "$(grep -o '[0-9]* behind' said.txt | tr '\n' ' ')" = "0 behind 18 behind 28 behind " ]
[ "$(grep -c 'behind 3 words' said.txt)" = 3 ]
