"""Mirascope, with its provider for chat completions."""

import gc

from mirascope import llm
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

llm.register_provider("openai:completions", scope="openai/", base_url=URL, api_key=KEY)


@llm.tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def model(name=PLAIN):
    return llm.Model(f"openai/{name}")


def stream():
    return "".join(model().stream(QUESTION).text_stream()).rstrip("\n")  # which it puts behind each text


def tool():
    called = model(CALLING).call(QUESTION, tools=[get_weather])
    return called.resume(called.execute_tools()).text()


def key():
    llm.register_provider("openai:completions", scope="openai/", base_url=URL, api_key="wrong")
    try:
        return model().call(QUESTION).text()
    finally:
        llm.register_provider("openai:completions", scope="openai/", base_url=URL, api_key=KEY)


def cancel():
    words = model(ENDLESS).stream(QUESTION).text_stream()
    next(words)
    del words
    gc.collect()
    return stay()


def long():
    answer = model().call("long 0")
    for number in range(1, LONG):
        answer = answer.resume(f"long {number}")
    return 2 * LONG


tell(
    {
        "ask": lambda: model().call(QUESTION).text(),
        "stream": stream,
        "tool": tool,
        "key": key,
        "cancel": cancel,
        "long": long,
    }
)
