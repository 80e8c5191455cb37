"""The `openai` package."""

import json

from openai import OpenAI
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

client = OpenAI(base_url=URL, api_key=KEY, max_retries=0)
create = client.chat.completions.create
asked = [{"role": "user", "content": QUESTION}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]


def stream():
    chunks = create(model=PLAIN, messages=asked, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def tool():
    message = create(model=CALLING, messages=asked, tools=TOOLS).choices[0].message
    call = message.tool_calls[0]
    result = {
        "role": "tool",
        "tool_call_id": call.id,
        "content": f"rain in {json.loads(call.function.arguments)['city']}",
    }
    return create(model=CALLING, messages=[*asked, message, result], tools=TOOLS).choices[0].message.content


def key():
    return OpenAI(base_url=URL, api_key="wrong", max_retries=0).models.list().data


def cancel():
    with create(model=ENDLESS, messages=asked, stream=True) as chunks:
        next(chunks)
        next(chunks)
    return stay()


def long():
    messages = []
    for number in range(LONG):
        messages.append({"role": "user", "content": f"long {number}"})
        messages.append(create(model=PLAIN, messages=messages).choices[0].message)
    return len(messages)


tell(
    {
        "list": lambda: [model.id for model in client.models.list()],
        "ask": lambda: create(model=PLAIN, messages=asked).choices[0].message.content,
        "stream": stream,
        "tool": tool,
        "key": key,
        "cancel": cancel,
        "long": long,
    }
)
