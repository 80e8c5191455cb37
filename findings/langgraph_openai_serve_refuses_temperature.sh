#!/usr/bin/env bash
# An API that OpenAI's clients can call takes no `temperature`, `max_tokens`, `stop` or `seed`: the question is refused.
#
# Software: langgraph-openai-serve 0.31.0 with langgraph 1.2.24 and a graph that answers by itself, asked by openai 3.57.0
# Expected: an answer, as of a graph that does what it likes with such wishes; its package says that "existing OpenAI
#           SDKs, Chainlit, Open WebUI, and similar clients can call" graphs, and these send one or the other.
# Seen:     400 "Extra inputs are not permitted" for each of them; without them the answer comes.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q langgraph-openai-serve==0.31.0 langgraph==1.2.24 openai==3.57.0
python -c 'from importlib.metadata import version; print("langgraph-openai-serve", version("langgraph-openai-serve"))'
cat >app.py <<'PY'
from fastapi import FastAPI
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph_openai_serve import GraphConfig, GraphRegistry, LanggraphOpenaiServe

graph = StateGraph(MessagesState)
graph.add_node("answer", lambda state: {"messages": [AIMessage("Hello")]})
graph.add_edge(START, "answer")
graph.add_edge("answer", END)
app = FastAPI()
registry = GraphRegistry(graphs={"hello": GraphConfig(graph=graph.compile(), description="It says hello.")})
LanggraphOpenaiServe(registry=registry, app=app).bind_openai_api()
PY
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python -m uvicorn app:app --port "$port" >server.log 2>&1 &
server=$!
until curl -sf "http://127.0.0.1:$port/v1/models" >models.json; do kill -0 "$server"; sleep 0.5; done
cat >ask.py <<'PY'
import sys

from openai import BadRequestError, OpenAI

client = OpenAI(base_url=f"http://127.0.0.1:{sys.argv[1]}/v1", api_key="none", max_retries=0)
question = {"model": "hello", "messages": [{"role": "user", "content": "Hi"}]}
print("nothing:", client.chat.completions.create(**question).choices[0].message.content)
for wish in ({"temperature": 0.5}, {"max_tokens": 20}, {"stop": ["x"]}, {"seed": 1}):
    try:
        answer = client.chat.completions.create(**question, **wish)
    except BadRequestError as error:
        print(f"{[*wish][0]}: {error.status_code} {error.body['message']}")
    else:
        print(f"{[*wish][0]}:", answer.choices[0].message.content)
PY
python ask.py "$port" | tee answers.txt
grep -qx 'nothing: Hello' answers.txt && [ "$(grep -c ': 400 .*Extra inputs are not permitted' answers.txt)" = 4 ]
