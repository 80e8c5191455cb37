#!/usr/bin/env bash
# A conversation that is longer than the model's window is summarised by the server on its own, and nothing says so.
#
# Software: mlx-vlm 0.7.10 (`python -m mlx_vlm server`) on a CPU, with a model of a few lines that always says "Yes."
# Expected: an error, or an answer to all that was sent. Its docs/usage.md has compaction for the Responses API, to be
#           asked for, and says: "The server never silently rewrites Chat Completions or Messages history."
# Seen:     /v1/chat/completions has the model summarise the older messages in calls of its own, and answers behind that:
#           status 200, finish_reason "stop", and no field that tells. `usage` counts what was left of the conversation, not
#           what the summary took: 4,910 tokens that were sent are 1,105. The log tells of the other calls.
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

WORDS = ["<s>", "</s>", "<|u|>", "<|a|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
SAYS = ["<|a|>", "Y", "e", "s", ".", "</s>"]
WIDTH, INNER = 320, 32
tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(WORDS)}, merges=[]))
tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
tokenizer.add_special_tokens(WORDS[:4])
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
fast.chat_template = (
    "{% for m in messages %}{{ '<|u|>' if m['role'] == 'user' else '<|a|>' }}{{ m['content'] }}{% endfor %}<|a|>"
)
fast.save_pretrained("model")
sizes = {"hidden_size": WIDTH, "intermediate_size": INNER, "num_attention_heads": 4, "num_key_value_heads": 4}
config = {**sizes, "model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1, "head_dim": 80}
config |= {"rms_norm_eps": 1e-5, "vocab_size": len(WORDS), "max_position_embeddings": 2048, "rope_theta": 10000.0}
config |= {"tie_word_embeddings": False, "eos_token_id": 1, "bos_token_id": 0, "torch_dtype": "float32"}
Path("model/config.json").write_text(json.dumps(config))
head = [[0.0] * WIDTH for _ in WORDS]
for before, after in zip(SAYS, SAYS[1:]):
    head[WORDS.index(after)][WORDS.index(before)] = 5.0
layer = "model.layers.0"
weights = {f"{layer}.self_attn.{name}_proj.weight": mx.zeros((WIDTH, WIDTH)) for name in "qkvo"}
weights |= {f"{layer}.mlp.{name}_proj.weight": mx.zeros((INNER, WIDTH)) for name in ("gate", "up")}
weights[f"{layer}.mlp.down_proj.weight"] = mx.zeros((WIDTH, INNER))
weights |= {f"{layer}.{name}_layernorm.weight": mx.ones((WIDTH,)) for name in ("input", "post_attention")}
weights |= {"model.embed_tokens.weight": mx.eye(len(WORDS), WIDTH), "model.norm.weight": mx.ones((WIDTH,))}
mx.save_safetensors("model/model.safetensors", {**weights, "lm_head.weight": mx.array(head)}, metadata={"format": "mlx"})
PY
cat >ask.py <<'PY'
import json
import sys
import urllib.request


def ask(questions):
    messages = []
    for number in range(questions):
        said = f"{number:03} and what I told you then, which matters"
        messages += [{"role": "user", "content": said}, {"role": "assistant", "content": "Yes."}]
    body = {"model": "model", "messages": [*messages, {"role": "user", "content": "And now?"}], "max_tokens": 10}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(sys.argv[1] + "/chat/completions", json.dumps(body).encode(), headers)
    answer = json.load(urllib.request.urlopen(request))
    (choice,) = answer["choices"]
    before = sum(len(message["content"].encode()) + 1 for message in body["messages"]) + 1
    told = answer["usage"]["prompt_tokens"]
    print(questions, "questions,", before, "tokens:", choice["message"]["content"], choice["finish_reason"], "of", told)
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Yes.", "stop")
    assert not {key for key in answer if "compact" in key or "notice" in key}
    return before, told


before, told = ask(20)
assert before == told
before, told = ask(100)
assert told < 2048 < before
PY
python make.py 2>make.log
python -m mlx_vlm server --host 127.0.0.1 --port "$port" --model model >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.txt; do kill -0 "$server"; sleep 0.5; done
python ask.py "http://127.0.0.1:$port/v1"
calls=$(grep -c 'Prefill started' server.log)
echo "2 questions were asked, and the model was asked $calls times"
[ "$calls" -gt 2 ]
