"""Haystack's generator and agent."""

from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import tool as as_tool
from haystack.utils import Secret
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def chat(model=PLAIN, key=KEY, **options):
    secret = Secret.from_token(key)
    return OpenAIChatGenerator(api_key=secret, model=model, api_base_url=URL, max_retries=0, **options)


@as_tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def asked():
    return [ChatMessage.from_user(QUESTION)]


def ask(**options):
    return chat(**options).run(asked())["replies"][0].text


def stream():
    pieces = []
    ask(streaming_callback=lambda piece: pieces.append(piece.content))
    return "".join(pieces)


def tool():
    agent = Agent(chat_generator=chat(CALLING), tools=[get_weather])
    return agent.run(messages=asked())["messages"][-1].text


def cancel():
    def leave(_):
        raise InterruptedError

    try:
        ask(model=ENDLESS, streaming_callback=leave)
    except InterruptedError:
        return stay()


def long():
    said = []
    for number in range(LONG):
        said.append(ChatMessage.from_user(f"long {number}"))
        said += chat().run(said)["replies"]
    return len(said)


tell(
    {
        "ask": ask,
        "stream": stream,
        "tool": tool,
        "key": lambda: ask(key="wrong"),
        "cancel": cancel,
        "long": long,
    }
)
