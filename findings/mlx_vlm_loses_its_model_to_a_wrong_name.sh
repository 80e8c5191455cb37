#!/usr/bin/env bash
# One question with the name of a model that does not exist takes the model away that the server was started with.
#
# Software: mlx-vlm 0.7.10 (`python -m mlx_vlm server --model ...`) on a CPU, with a tiny model that is made here
# Expected: an error for that question, and everything else as it was: /v1/models lists the model, which is loaded.
# Seen:     the server throws its model out before it looks for the other one. After the error /v1/models is an empty list,
#           /health says "loaded_model": null, and whoever asks next waits until it is loaded anew; a client that asks for
#           the first model of the list finds none.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HOME="$work" HF_HUB_OFFLINE=1
pip install -q mlx-vlm==0.7.10 "mlx[cpu]==0.32.4" transformers==5.24.0
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >make.py <<'PY'
import json
from pathlib import Path

import mlx.core as mx
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

WORDS = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
WIDTH, INNER = 64, 32
tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(WORDS)}, merges=[]))
tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
fast.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
fast.save_pretrained("model")
sizes = {"hidden_size": WIDTH, "intermediate_size": INNER, "num_attention_heads": 4, "num_key_value_heads": 4}
config = {**sizes, "model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1, "head_dim": 16}
config |= {"rms_norm_eps": 1e-5, "vocab_size": len(WORDS), "max_position_embeddings": 2048, "rope_theta": 10000.0}
config |= {"tie_word_embeddings": True, "eos_token_id": 1, "bos_token_id": 0, "torch_dtype": "float32"}
Path("model/config.json").write_text(json.dumps(config))
layer = "model.layers.0"
weights = {f"{layer}.self_attn.{name}_proj.weight": mx.random.normal((WIDTH, WIDTH)) for name in "qkvo"}
weights |= {f"{layer}.mlp.{name}_proj.weight": mx.random.normal((INNER, WIDTH)) for name in ("gate", "up")}
weights[f"{layer}.mlp.down_proj.weight"] = mx.random.normal((WIDTH, INNER))
weights |= {f"{layer}.{name}_layernorm.weight": mx.ones((WIDTH,)) for name in ("input", "post_attention")}
weights |= {"model.embed_tokens.weight": mx.random.normal((len(WORDS), WIDTH)), "model.norm.weight": mx.ones((WIDTH,))}
mx.save_safetensors("model/model.safetensors", weights, metadata={"format": "mlx"})
PY
python make.py 2>make.log
python -m mlx_vlm server --host 127.0.0.1 --port "$port" --model model >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.txt; do kill -0 "$server"; sleep 0.5; done
cat >look.py <<'PY'
import json
import sys
import urllib.error
import urllib.request

URL = sys.argv[1]


def get(path):
    return json.load(urllib.request.urlopen(URL + path))


def status_of(model):
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
    request = urllib.request.Request(URL + "/v1/chat/completions", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code


seen = []
for asked in ("model", "nobody/has-this", None):
    status = status_of(asked) if asked else None
    seen.append((asked, status, [model["id"] for model in get("/v1/models")["data"]], get("/health")["loaded_model"]))
    print("asked for {}: status {}, lists {}, has loaded {}".format(*seen[-1]))
assert seen[0] == ("model", 200, ["model"], "model"), seen[0]
assert seen[1][1:] == (400, [], None) and seen[2][2:] == ([], None), seen
PY
python look.py "http://127.0.0.1:$port"
