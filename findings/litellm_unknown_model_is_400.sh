#!/usr/bin/env bash
# A model that is not there is a bad request like any other.
#
# Software: litellm[proxy] 1.108.7
# Expected: status 404 and code `model_not_found`.
# Seen:     status 400, type `invalid_request_error`, code "400": only the sentence tells it from a wrong parameter.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q 'litellm[proxy]==1.108.7'
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export LITELLM_LOCAL_MODEL_COST_MAP=True
start() { # with the configuration on stdin
  cat >config.yaml
  litellm --config config.yaml --host 127.0.0.1 --port "$port" --telemetry False >server.log 2>&1 &
  server=$!
  until curl -sf "http://127.0.0.1:$port/health/liveliness" >alive.json; do kill -0 "$server"; sleep 1; done
}
ask() { curl -s "$@" -H 'Authorization: Bearer sk-right' -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions"; }
start <<YAML
model_list: [{model_name: m, litellm_params: {model: openai/m, api_base: "http://127.0.0.1:9/v1", api_key: k}}]
general_settings: {master_key: sk-right}
YAML
status=$(ask -o answer.json -w '%{http_code}' -d '{"model": "other", "messages": [{"role": "user", "content": "Hi"}]}')
echo "$status $(cat answer.json)"
[ "$status" = 400 ] && grep -q '"code":"400"' answer.json && ! grep -q model_not_found answer.json
