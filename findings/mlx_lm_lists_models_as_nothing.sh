#!/usr/bin/env bash
# The list of models is an empty body where nothing was ever fetched from Hugging Face.
#
# Software: mlx-lm 0.32.2 with mlx 0.32.4 for CPUs (Linux), its own server
# Expected: GET /v1/models is a JSON object whose `data` is a list, perhaps an empty one.
# Seen:     HTTP 200, `Content-type: application/json`, and no body; the server's log has a CacheNotFound. Once the
#           cache's folder exists, empty as it is, the list is there.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1 HF_HOME="$work/cache"
pip install -q 'mlx-lm==0.32.2' 'mlx[cpu]==0.32.4'
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mlx_lm.server --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.json; do kill -0 "$server"; sleep 1; done
list() { curl -s -o "$1" -w '%{http_code} %{content_type}, %{size_download} bytes\n' "http://127.0.0.1:$port/v1/models"; }
list before.json | tee seen.txt
mkdir -p cache/hub && list after.json && cat after.json
grep -q '^200 application/json, 0 bytes' seen.txt && grep -q CacheNotFound server.log && grep -q '"data": \[\]' after.json
