"""LiteLLM as a library."""

import json

import litellm
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

litellm.telemetry = False
asked = [{"role": "user", "content": QUESTION}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]


def create(model=PLAIN, key=KEY, **options):
    return litellm.completion(
        model=f"openai/{model}", api_base=URL, api_key=key, num_retries=0, max_retries=0, **options
    )


def tool():
    message = create(CALLING, messages=asked, tools=TOOLS).choices[0].message
    call = message.tool_calls[0]
    result = {
        "role": "tool",
        "tool_call_id": call.id,
        "content": f"rain in {json.loads(call.function.arguments)['city']}",
    }
    return create(CALLING, messages=[*asked, message, result], tools=TOOLS).choices[0].message.content


def stream():
    return "".join(chunk.choices[0].delta.content or "" for chunk in create(messages=asked, stream=True))


def cancel():
    chunks = create(ENDLESS, messages=asked, stream=True)
    next(chunks)
    next(chunks)
    chunks.completion_stream.close()
    return stay()


def long():
    messages = []
    for number in range(LONG):
        messages.append({"role": "user", "content": f"long {number}"})
        messages.append(create(messages=messages).choices[0].message.model_dump())
    return len(messages)


tell(
    {
        "list": lambda: litellm.get_valid_models(
            check_provider_endpoint=True, custom_llm_provider="openai", api_base=URL, api_key=KEY
        ),
        "ask": lambda: create(messages=asked).choices[0].message.content,
        "stream": stream,
        "tool": tool,
        "key": lambda: create(key="wrong", messages=asked).choices[0].message.content,
        "cancel": cancel,
        "long": long,
    }
)
