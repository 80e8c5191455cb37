#!/usr/bin/env bash
# GET /v1/models lists the patterns of the configuration, by which no model can be asked.
#
# Software: lm-proxy 3.3.2, with two of the routes that its README begins with
# Expected: the models behind the routes, or none.
# Seen:     the ids "gpt-*" and "*", in that order.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q lm-proxy==3.3.2
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >config.toml <<TOML
host = "127.0.0.1"
port = $port
[connections.openai]
api_type = "openai"
api_base = "http://127.0.0.1:9/v1"
api_key = "k"
[routing]
"gpt-*" = "openai.*"
"*" = "openai.gpt-4o-mini"
[groups.default]
api_keys = ["right"]
TOML
lm-proxy --config config.toml >server.log 2>&1 &
server=$!
until curl -sf -H "Authorization: Bearer right" "http://127.0.0.1:$port/v1/models" >models.json; do kill -0 "$server"; sleep 0.5; done
cat models.json && echo
python -c 'import json; assert [model["id"] for model in json.load(open("models.json"))["data"]] == ["gpt-*", "*"]'
