#!/usr/bin/env bash
# Answers end after 50 tokens, whatever max_tokens a question has, and are said to be finished; temperature 0 is 0.8.
#
# Software: litgpt 0.5.13 (`litgpt serve DIR --openai_spec true`) with litserve 0.2.19, and a tiny random model made here
# Expected: an answer of max_tokens tokens with the finish reason "length", and with temperature 0 twice the same answer:
#           the endpoint is said to be OpenAI-compatible, and OpenAI's clients send these fields.
# Seen:     of a question's fields only `max_completion_tokens` is read; without it each answer has the 50 tokens of
#           `--max_new_tokens`, and its finish_reason is "stop". A temperature of 0 counts as none given, for which 0.8 is
#           taken: two answers to one question differ. `usage` is 0 throughout.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill -KILL -- "-$server"; rm -rf "$work"' EXIT  # it lives on where it is asked to end
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HOME="$work" HF_HUB_OFFLINE=1
pip install -q litgpt==0.5.13 litserve==0.2.19 jinja2==3.1.6 requests "jsonargparse[signatures]==4.41.0" tokenizers==0.23.3
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >make.py <<'PY'
import dataclasses
import json
from pathlib import Path

import torch
import yaml
from litgpt import GPT, Config
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

LETTERS = [chr(number) for number in range(33, 127)]
out = Path("model")
out.mkdir()
tokenizer = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(LETTERS)}, merges=[]))
tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
tokenizer.save(str(out / "tokenizer.json"))
template = "{% for message in messages %}{{ message.content }}{% endfor %}"
named = {"bos_token": "!", "eos_token": "~", "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template}
(out / "tokenizer_config.json").write_text(json.dumps(named))
(out / "generation_config.json").write_text(json.dumps({"bos_token_id": 0, "eos_token_id": len(LETTERS) - 1}))
sizes = {"vocab_size": len(LETTERS), "padded_vocab_size": len(LETTERS), "n_layer": 1, "n_head": 2, "n_embd": 32}
config = Config(name="pythia-14m", block_size=512, intermediate_size=64, **sizes)
torch.manual_seed(1)
weights = GPT(config).state_dict()
weights["lm_head.weight"][-1] = 0  # the end is no likelier than other letters
torch.save(weights, out / "lit_model.pth")
(out / "model_config.yaml").write_text(yaml.dump(dataclasses.asdict(config)))
PY
python make.py 2>make.log
setsid litgpt serve model --openai_spec true --port "$port" --devices 1 --accelerator cpu >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.txt; do kill -0 "$server"; sleep 0.5; done
cat >ask.py <<'PY'
import json
import sys
import urllib.request


def ask(**fields):
    body = {"model": "m", "messages": [{"role": "user", "content": "thesea"}], **fields}
    request = urllib.request.Request(sys.argv[1], json.dumps(body).encode(), {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request))
    (choice,) = answer["choices"]
    print(fields, len(choice["message"]["content"]), "letters,", choice["finish_reason"], answer["usage"])
    return choice["message"]["content"], choice["finish_reason"], answer["usage"]["total_tokens"]


def whole(**fields):
    """Return an answer that the model has not ended by itself, which it may do at each letter."""
    answers = (ask(**fields) for _ in range(20))
    return next(answer for answer in answers if len(answer[0]) >= 50)


assert whole(max_tokens=4)[1:] == ("stop", 0)
assert len(whole(max_tokens=400)[0]) == 50
assert len(ask(max_completion_tokens=4)[0]) <= 4
assert len({ask(temperature=0, max_completion_tokens=12)[0] for _ in range(5)}) > 1
PY
python ask.py "http://127.0.0.1:$port/v1/chat/completions"
