#!/usr/bin/env bash
# Privoxy, as Debian installs it, gives a streamed answer all at once, when it is over.
#
# Software: privoxy 3.0.34 (Debian 12's 3.0.34-1) with the configuration and the filters that it comes with, on the way to
#           a server on http:// that writes a word every fifth of a second
# Expected: the words come one by one: its filters are for pages, pictures and scripts, and `text/event-stream` is
#           none of them.
# Seen:     all that is `text/…` is held to be filtered, up to 4 MB of it, and the words come together two seconds later.
#           Asked of the server itself, and with the filters off, they come one by one.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && filters="" && passes=""
trap 'for pid in $model $filters $passes; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get download -q privoxy=3.0.34-1 libmbedtls14=2.28.3-1 libmbedx509-1=2.28.3-1 libmbedcrypto7=2.28.3-1 \
  libpcre3=2:8.39-15 >download.log 2>&1
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH="$work/usr/lib/$(uname -m)-linux-gnu:$work/lib/$(uname -m)-linux-gnu"
usr/sbin/privoxy --version
ports=$(python3 -c 'import socket; s = [socket.create_server(("127.0.0.1", 0)) for _ in "abc"]; print(*(x.getsockname()[1] for x in s))')
read -r behind filtering passing <<<"$ports"
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
        for number in range(10):
            event = b"data: " + json.dumps({"choices": [{"delta": {"content": f"word{number} "}}]}).encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(0.2)
        self.wfile.write(b"0\r\n\r\n")


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PY
python3 model.py "$behind" 2>model.log &
model=$!
configure() { # what Debian installs, with other folders and another port
  sed -e "s|/etc/privoxy|$work/etc/privoxy|; s|^logdir .*|logdir $work|; /^listen-address/d; /^user-manual/d" \
    -e "/^actionsfile user/d; /^filterfile user/d" usr/share/privoxy/config
  echo "listen-address 127.0.0.1:$1"
}
configure "$filtering" >filters.conf
configure "$passing" | sed '/^filterfile/d; /^actionsfile/d' >passes.conf
usr/sbin/privoxy --no-daemon filters.conf 2>filters.log &
filters=$!
usr/sbin/privoxy --no-daemon passes.conf 2>passes.log &
passes=$!
python3 -c 'import socket, sys, time
for port in sys.argv[1:]:
    while socket.socket().connect_ex(("127.0.0.1", int(port))):
        time.sleep(0.1)' $ports
cat >ask.py <<'PY'
import http.client, sys, time

seconds = {}
behind, filtering, passing = map(int, sys.argv[1:])
for way, port in {"directly": behind, "filtering": filtering, "passing": passing}.items():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", f"http://127.0.0.1:{behind}/v1/chat/completions", "{}")
    answer = connection.getresponse()
    times = []
    while answer.read1(65536):
        times.append(time.monotonic())
    seconds[way] = times[-1] - times[0]
    print(f"{way}: status {answer.status}, {len(times)} pieces in {seconds[way]:.1f} s")
assert seconds["filtering"] < 0.5
assert min(seconds["directly"], seconds["passing"]) > 1
PY
python3 ask.py $ports
