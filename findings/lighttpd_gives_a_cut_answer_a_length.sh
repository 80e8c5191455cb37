#!/usr/bin/env bash
# lighttpd gives a stream that was cut a length of its own: to who reads it, half of an answer is the whole of it.
#
# Software: lighttpd 1.4.69 (Debian 12's 1.4.69-1) with `mod_proxy` as its documentation shows it, in front of a server
#           that is gone behind its third word
# Expected: lighttpd gathers answers, as documented; of one that breaks off before the last chunk the reader gets a 502,
#           or a connection that breaks off too (curl says 18), as behind nginx, Apache and HAProxy.
# Seen:     200 with `Content-Length: 161`, which is that of the three words: a whole answer to every client. With
#           `server.stream-response-body = 1` the connection breaks off.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && gathers="" && passes=""
trap 'for pid in $model $gathers $passes; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get download -q lighttpd=1.4.69-1 >download.log 2>&1
dpkg -x lighttpd_*.deb . && usr/sbin/lighttpd -v
ports=$(python3 -c 'import socket; s = [socket.create_server(("127.0.0.1", 0)) for _ in "abc"]; print(*(x.getsockname()[1] for x in s))')
read -r behind gathering passing <<<"$ports"
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
            event = b"data: " + json.dumps({"choices": [{"delta": {"content": word}}]}).encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(0.2)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python3 model.py "$behind" 2>model.log &
model=$!
configure() {
  cat <<CONF
server.document-root = "$work"
server.bind = "127.0.0.1"
server.port = $1
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => $behind)))
CONF
}
configure "$gathering" >gathers.conf
{ configure "$passing" && echo 'server.stream-response-body = 1'; } >passes.conf
usr/sbin/lighttpd -D -m usr/lib/lighttpd -f gathers.conf 2>gathers.log &
gathers=$!
usr/sbin/lighttpd -D -m usr/lib/lighttpd -f passes.conf 2>passes.log &
passes=$!
python3 -c 'import socket, sys, time
for port in sys.argv[1:]:
    while socket.socket().connect_ex(("127.0.0.1", int(port))):
        time.sleep(0.1)' $ports
for way in gathering passing; do
  said=0
  curl -sN -i -m 20 -d '{}' "http://127.0.0.1:${!way}/" >"$way.txt" || said=$?
  echo "$way: curl says $said behind $(grep -c content\" "$way.txt") words; $(grep -i '^content-length' "$way.txt" || echo no length)"
  echo "$said" >"$way.said"
done
[ "$(cat gathering.said passing.said | tr '\n' ' ')" = "0 18 " ]
grep -q '200 OK' gathering.txt && grep -qi '^content-length: 1' gathering.txt && [ "$(grep -c content\" gathering.txt)" = 3 ]
