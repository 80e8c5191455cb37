"""The `anthropic` package."""

from anthropic import Anthropic
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

asked = [{"role": "user", "content": QUESTION}]
TOOLS = [{"name": "get_weather", "input_schema": {"type": "object"}}]


def client(key=KEY):
    return Anthropic(base_url=URL.removesuffix("/v1"), api_key=key, max_retries=0)


def create(**options):
    return client().messages.create(**{"model": PLAIN, "max_tokens": 1000, "messages": asked, **options})


def stream():
    with client().messages.stream(model=PLAIN, max_tokens=1000, messages=asked) as events:
        return "".join(events.text_stream)


def tool():
    content = create(model=CALLING, tools=TOOLS).content
    call = next(block for block in content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": f"rain in {call.input['city']}"}
    messages = [*asked, {"role": "assistant", "content": content}, {"role": "user", "content": [result]}]
    return create(model=CALLING, tools=TOOLS, messages=messages).content[0].text


def cancel():
    with client().messages.stream(model=ENDLESS, max_tokens=1000, messages=asked) as events:
        next(events.text_stream)
    return stay()


def long():
    messages = []
    for number in range(LONG):
        messages.append({"role": "user", "content": f"long {number}"})
        messages.append({"role": "assistant", "content": create(messages=messages).content})
    return len(messages)


tell(
    {
        "list": lambda: [model.id for model in client().models.list()],
        "ask": lambda: create().content[0].text,
        "stream": stream,
        "tool": tool,
        "key": lambda: client("wrong").models.list().data,
        "cancel": cancel,
        "long": long,
    }
)
