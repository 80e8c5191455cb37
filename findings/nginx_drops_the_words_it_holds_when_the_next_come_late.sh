#!/usr/bin/env bash
# The words of an answer that came before nginx's `proxy_read_timeout` are lost when it passes: 200, and nothing else.
#
# Software: nginx 1.22.1 (Debian 12's 1.22.1-9+deb12u11), which buffers responses unless told otherwise
# Expected: what the model server has sent reaches the client, and then the connection breaks off or an error comes.
# Seen:     the client gets the status 200 of a stream and not one byte of its first event, which nginx held for more to
#           come and then threw away. nginx asks in HTTP/1.0, to which a server answers without chunks; of one that sends
#           chunks all the same they come. With `proxy_buffering off` the event comes, and the connection breaks behind.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server="" proxy=""
trap '[ -z "$proxy" ] || kill "$proxy"; [ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get download -q nginx=1.22.1-9+deb12u11 >download.log 2>&1
dpkg -x nginx_*.deb . && usr/sbin/nginx -v
ports=$(python3 -c 'import socket; s = [socket.create_server(("127.0.0.1", 0)) for _ in "abc"]; print(*(x.getsockname()[1] for x in s))')
read -r model held passed <<<"$ports"
cat >model.py <<'PY'
import socketserver
import sys
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Model(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(HEAD)
        for word in (b"one", b"two"):
            self.wfile.write(b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % word)
            time.sleep(4)


socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python3 model.py "$model" 2>model.log &
server=$!
cat >nginx.conf <<CONF
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/error.log;
events {}
http {
  access_log off;
  proxy_read_timeout 2s;
  client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c; uwsgi_temp_path $work/d; scgi_temp_path $work/e;
  server { listen 127.0.0.1:$held; location / { proxy_pass http://127.0.0.1:$model; } }
  server { listen 127.0.0.1:$passed; location / { proxy_buffering off; proxy_pass http://127.0.0.1:$model; } }
}
CONF
usr/sbin/nginx -p "$work" -c "$work/nginx.conf" &
proxy=$!
python3 -c 'import socket, sys, time
for port in sys.argv[1:]:
    while socket.socket().connect_ex(("127.0.0.1", int(port))):
        time.sleep(0.1)' "$model" "$held" "$passed"
for way in held passed; do
  status=$(curl -sN -m 20 -o "$way.txt" -w '%{http_code}' "http://127.0.0.1:${!way}/") || true
  touch "$way.txt"
  echo "$way: status $status, $(wc -c <"$way.txt") bytes"
  echo "$status" >"$way.status"
done
[ "$(cat held.status passed.status | tr '\n' ' ')" = "200 200 " ] && [ ! -s held.txt ] && grep -q '"one"' passed.txt
