#!/usr/bin/env bash
# A call of a tool that a server answers whole where it was to be streamed is no error to a client: nothing was said.
#
# Software: llm-katan 0.22.0 with its echo backend, "drop-in test server", asked by openai 3.57.0
# Expected: the call in the chunks of the stream, as of the same question that is not streamed; else an error, as the
#           body is JSON and says so in its Content-Type.
# Seen:     llm-katan streams text, and answers with `tools` by one JSON object whatever `stream` says. The openai package
#           looks for lines that begin with `data:`, finds none, and ends the stream well: no chunk, no call, no error.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HOME="$work"
pip install -q llm-katan==0.22.0 openai==3.57.0
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
llm-katan --model m --backend echo --host 127.0.0.1 --port "$port" >server.log 2>&1 &
server=$!
until curl -sf -H 'Authorization: Bearer none' "http://127.0.0.1:$port/v1/models" >models.txt; do
    kill -0 "$server"
    sleep 0.5
done
cat >ask.py <<'PY'
import sys

import openai

client = openai.OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none", max_retries=0)
weather = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
question = {"model": "m", "messages": [{"role": "user", "content": "How is the weather?"}]}
tools = [{"type": "function", "function": weather}]
text = "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(stream=True, **question))
print("streamed, without tools:", repr(text[:12]))
(call,) = client.chat.completions.create(tools=tools, **question).choices[0].message.tool_calls
print("whole, with tools:", call.function.name, call.function.arguments)
response = client.chat.completions.with_raw_response.create(tools=tools, stream=True, **question)
chunks = list(response.parse())
print("streamed, with tools:", response.status_code, response.headers["content-type"], f"{len(chunks)} chunks, no error")
assert text.startswith("[echo]") and call.function.name == "get_weather" and chunks == []
PY
python ask.py "$port"
