#!/usr/bin/env bash
# A stream that fails tells of it in an event without the blank line that ends an event: clients take half for the whole.
#
# Software: litserve 0.2.19 with its OpenAISpec, asked by openai 3.57.0
# Expected: an error where the model fails in the middle of an answer, as of the same question that is not streamed.
# Seen:     the openai package yields the two words that came and ends well, as its reader, like the specification of
#           server-sent events, drops what no blank line follows. Whole, the same question raises InternalServerError.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q litserve==0.2.19 openai==3.57.0
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >serve.py <<'PY'
import sys

import litserve


class Model(litserve.LitAPI):
    def setup(self, device):
        pass

    def predict(self, messages):
        yield "Two "
        yield "words"
        raise RuntimeError("out of memory")


if __name__ == "__main__":
    server = litserve.LitServer(Model(spec=litserve.OpenAISpec()), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
PY
python serve.py "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/health" >health.txt; do kill -0 "$server"; sleep 0.5; done
curl -sN -H 'Content-Type: application/json' "http://127.0.0.1:$port/v1/chat/completions" \
    -d '{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}' >stream.txt
cat >ask.py <<'PY'
import sys

import openai

client = openai.OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none", max_retries=0)
question = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
said = "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(stream=True, **question))
print("streamed:", repr(said), "and no error")
try:
    client.chat.completions.create(**question)
    whole = "no error"
except openai.InternalServerError as error:
    whole = type(error).__name__
print("whole:", whole)
sent = open("stream.txt").read()
print("the last event:", repr(sent[sent.rindex("data: ") :]))
assert said == "Two words" and whole == "InternalServerError"
assert '"error"' in sent[sent.rindex("data: ") :] and not sent.endswith("\n")
PY
python ask.py "$port"
