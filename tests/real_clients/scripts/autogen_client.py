"""AutoGen's client for OpenAI's API, and an agent of it."""

import asyncio

from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import AssistantMessage, UserMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

CAN = {"vision": False, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}


def chat(model=PLAIN, key=KEY):
    return OpenAIChatCompletionClient(model=model, base_url=URL, api_key=key, max_retries=0, model_info=CAN)


async def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def asked(words=QUESTION):
    return UserMessage(content=words, source="user")


async def ask(**options):
    return (await chat(**options).create([asked()])).content


async def stream():
    pieces = [piece async for piece in chat().create_stream([asked()])]
    return "".join(piece for piece in pieces if isinstance(piece, str))


async def tool():
    agent = AssistantAgent("tried", chat(CALLING), tools=[get_weather], reflect_on_tool_use=True)
    return (await agent.run(task=QUESTION)).messages[-1].content


async def cancel():
    pieces = chat(ENDLESS).create_stream([asked()])
    await anext(pieces)
    await pieces.aclose()
    return await asyncio.to_thread(stay)


async def long():
    said = []
    for number in range(LONG):
        said.append(asked(f"long {number}"))
        said.append(AssistantMessage(content=(await chat().create(said)).content, source="tried"))
    return len(said)


tell(
    {
        "ask": lambda: asyncio.run(ask()),
        "stream": lambda: asyncio.run(stream()),
        "tool": lambda: asyncio.run(tool()),
        "key": lambda: asyncio.run(ask(key="wrong")),
        "cancel": lambda: asyncio.run(cancel()),
        "long": lambda: asyncio.run(long()),
    }
)
