#!/usr/bin/env bash
# An answer that fills the window is thrown away, and the conversation is refused as too long once it has been written.
#
# Software: rapid-mlx 0.16.10 with mlx 0.32.4 for CPUs (Linux), with a tiny model that is made here and reads 512 tokens
# Expected: the text and the finish_reason "length", as of an answer that has reached `max_tokens` here.
# Seen:     a question of 5 tokens, without `max_tokens`: status 400, "context_length_exceeded", "The prompt contains 5 tokens
#           and generation used 507 tokens", and no text. Streamed: all the text, then that error. Who then leaves earlier
#           messages out and asks again, as that code wants, has it all written anew.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || true; }; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HOME="$work" HF_HUB_OFFLINE=1
pip install -q --no-deps rapid-mlx==0.16.10 mlx-lm==0.31.3 mlx-vlm==0.7.2 # without torch, which pictures want
pip install -q "mlx[cpu]==0.32.4" transformers==5.15.0 fastapi==0.162.0 uvicorn==0.54.0 mcp==1.30.0 httpx==0.28.1 \
  jsonschema openai-harmony==0.0.8 llguidance "tiktoken<0.14" psutil tabulate rich argcomplete tomli-w websockets \
  "pillow<13" "pypdf<7" requests sentencepiece protobuf jinja2 python-multipart
cat >make.py <<'PY'
import json
from pathlib import Path

import mlx.core as mx
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

WORDS = ["<s>", "</s>", "<|answer|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
WIDTH, INNER = 320, 32
tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(WORDS)}, merges=[]))
tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
tokenizer.add_special_tokens(WORDS[:3])
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
fast.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}<|answer|>"
fast.save_pretrained("model")
sizes = {"hidden_size": WIDTH, "intermediate_size": INNER, "num_attention_heads": 4, "num_key_value_heads": 4}
config = {**sizes, "model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1, "head_dim": 80}
config |= {"rms_norm_eps": 1e-5, "vocab_size": len(WORDS), "max_position_embeddings": 512, "rope_theta": 10000.0}
config |= {"tie_word_embeddings": False, "eos_token_id": 1, "bos_token_id": 0, "torch_dtype": "float32"}
Path("model/config.json").write_text(json.dumps(config))
head = [[0.0] * WIDTH for _ in WORDS]  # says la la la, and never stops
for word, following in (("<|answer|>", "l"), ("l", "a"), ("a", "l")):
    head[WORDS.index(following)][WORDS.index(word)] = 5.0
layer = "model.layers.0"
weights = {f"{layer}.self_attn.{name}_proj.weight": mx.zeros((WIDTH, WIDTH)) for name in "qkvo"}
weights |= {f"{layer}.mlp.{name}_proj.weight": mx.zeros((INNER, WIDTH)) for name in ("gate", "up")}
weights[f"{layer}.mlp.down_proj.weight"] = mx.zeros((WIDTH, INNER))
weights |= {f"{layer}.{name}_layernorm.weight": mx.ones((WIDTH,)) for name in ("input", "post_attention")}
weights |= {"model.embed_tokens.weight": mx.eye(len(WORDS), WIDTH), "model.norm.weight": mx.ones((WIDTH,))}
weights["lm_head.weight"] = mx.array(head)
mx.save_safetensors("model/model.safetensors", weights, metadata={"format": "mlx"})
PY
python make.py 2>make.log
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
rapid-mlx serve "$work/model" --served-model-name m --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/v1/models" >models.txt; do kill -0 "$server"; sleep 0.5; done
ask() {
  curl -sN -w '\n%{http_code}\n' -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions" \
    -d '{"model": "m", "temperature": 0, '"$1"'"messages": [{"role": "user", "content": "Sing"}]}'
}
ask '"max_tokens": 9, ' >short.txt && ask '' >whole.txt && ask '"stream": true, ' >streamed.txt
python - <<'PY'
import json
from pathlib import Path

short, whole = (Path(name).read_text().strip().rpartition("\n")[::2] for name in ("short.txt", "whole.txt"))
choice = json.loads(short[0])["choices"][0]
print("9 tokens:", short[1], repr(choice["message"]["content"]), choice["finish_reason"])
print("whole:", whole[1], json.loads(whole[0])["error"]["code"], json.loads(whole[0])["error"]["message"])
lines = [line[6:] for line in Path("streamed.txt").read_text().splitlines() if line.startswith("data: {")]
*chunks, last = map(json.loads, lines)
text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
print("streamed:", len(text), "letters, then", last["error"]["code"])
assert (short[1], choice["finish_reason"]) == ("200", "length")
assert whole[1] == "400" and json.loads(whole[0])["error"]["code"] == last["error"]["code"] == "context_length_exceeded"
assert text.startswith("lalala") and len(text) > 400 and not any(chunk["choices"][0].get("finish_reason") for chunk in chunks)
PY
