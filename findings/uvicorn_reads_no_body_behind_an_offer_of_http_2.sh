#!/usr/bin/env bash
# A request that offers HTTP/2 (`Upgrade: h2c`), as Java's HttpClient sends each, has no body for what uvicorn serves.
#
# Software: uvicorn 0.54.0 with httptools 0.9.0, as `uvicorn[standard]` installs it
# Expected: a server that does not speak h2c ignores the offer (RFC 9110, section 7.8) and reads the request as it is.
# Seen:     without httptools it does. With httptools, which is taken wherever it is installed, the application gets a
#           body of 0 bytes; the log has a line "Unsupported upgrade request." in both cases.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q uvicorn==0.54.0 httptools==0.9.0
cat >length.py <<'PY'
import socket, sys, uvicorn

async def app(scope, receive, send):
    body, more = b"", scope["type"] == "http"
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"%2d" % len(body)})

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(app, http=sys.argv[1], lifespan="off", log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
PY
cat >ask.py <<'PY'
import http.client, sys

OFFER = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAB"}
lengths = []
for headers in ({}, OFFER):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
    connection.request("POST", "/", body=b'{"prompt": "Why?"}', headers={"Content-Type": "application/json", **headers})
    lengths.append(int(connection.getresponse().read()))
print(*lengths)
PY
seen=""
for http in h11 httptools; do
    venv/bin/python length.py "$http" >port.txt &
    server=$!
    for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
    got=$(python3 ask.py "$(cat port.txt)")
    echo "uvicorn 0.54.0 with $http: bytes of the body without and with the offer: $got"
    seen="$seen$http $got;"
    kill "$server" && wait "$server" || true
    server=""
    rm port.txt
done
[ "$seen" = "h11 18 18;httptools 18 0;" ]
