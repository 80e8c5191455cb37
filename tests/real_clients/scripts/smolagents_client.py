"""Smolagents' model for servers that speak OpenAI's API."""

import gc
import json

from smolagents import OpenAIModel
from smolagents import tool as as_tool
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def chat(model=PLAIN, key=KEY):
    return OpenAIModel(model_id=model, api_base=URL, api_key=key, client_kwargs={"max_retries": 0}, retry=False)


@as_tool
def get_weather(city: str) -> str:
    """Return the weather.

    Args:
        city: Where.
    """
    return f"rain in {city}"


def asked(words=QUESTION):
    return [{"role": "user", "content": [{"type": "text", "text": words}]}]


def tool():
    """Return what it calls for: results go back as words of the user's, and a model may call again."""
    (call,) = chat(CALLING).generate(asked(), tools_to_call_from=[get_weather]).tool_calls
    return json.loads(call.function.arguments)["city"]


def cancel():
    pieces = chat(ENDLESS).generate_stream(asked())
    next(pieces)
    next(pieces)
    pieces.close()
    gc.collect()  # its stream is part of a cycle, and is closed no sooner
    return stay()


def long():
    said = []
    for number in range(LONG):
        said += asked(f"long {number}")
        answer = chat().generate(said).content
        said.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    return len(said)


tell(
    {
        "ask": lambda: chat().generate(asked()).content,
        "stream": lambda: "".join(piece.content or "" for piece in chat().generate_stream(asked())),
        "tool": tool,
        "key": lambda: chat(key="wrong").generate(asked()).content,
        "cancel": cancel,
        "long": long,
    }
)
