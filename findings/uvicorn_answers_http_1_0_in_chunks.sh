#!/usr/bin/env bash
# A stream that is asked for by HTTP/1.0 comes in chunks from uvicorn: their lengths stand between the client's words.
#
# Software: uvicorn 0.54.0 with httptools 0.9.0, as `uvicorn[standard]` installs it
# Expected: no Transfer-Encoding, and the end of the connection as the end of the answer: a server must not send chunks
#           to whom has not said that it knows HTTP/1.1 (RFC 9112, section 6.1).
# Seen:     without httptools it is so. With httptools, which is taken wherever it is installed, the answer has the header
#           `transfer-encoding: chunked`, and its body is `6\r\ndata: ` instead of `data: `.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q uvicorn==0.54.0 httptools==0.9.0
cat >streaming.py <<'PY'
import socket, sys, uvicorn

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for piece in (b"data: ", b"Why?\n\n"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(app, http=sys.argv[1], lifespan="off", log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
PY
cat >ask.py <<'PY'
import socket, sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as line, line.makefile("rb") as said:
    line.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
    head, _, body = said.read().partition(b"\r\n\r\n")
print("chunked" if b"chunked" in head else "plain", ascii(body.decode()))
PY
seen=""
for http in h11 httptools; do
    venv/bin/python streaming.py "$http" >port.txt &
    server=$!
    for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
    got=$(python3 ask.py "$(cat port.txt)")
    echo "uvicorn 0.54.0 with $http, asked by HTTP/1.0: $got"
    seen="$seen$http $got;"
    kill "$server" && wait "$server" || true
    server=""
    rm port.txt
done
[ "$seen" = "h11 plain 'data: Why?\n\n';httptools chunked '6\r\ndata: \r\n6\r\nWhy?\n\n\r\n0\r\n\r\n';" ]
