"""Strands' agents with their OpenAI model, as their documentation has them for other servers."""

import asyncio

from strands import Agent
from strands import tool as as_tool
from strands.models.openai import OpenAIModel
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def agent(model=PLAIN, key=KEY, **options):
    arguments = {"base_url": URL, "api_key": key, "max_retries": 0}
    return Agent(model=OpenAIModel(client_args=arguments, model_id=model), callback_handler=None, **options)


def ask(model=PLAIN, **options):
    return str(agent(model, **options)(QUESTION)).strip()


@as_tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


async def _stream():
    return "".join([event["data"] async for event in agent().stream_async(QUESTION) if "data" in event])


async def _cancel():
    events = agent(ENDLESS).stream_async(QUESTION)
    async for event in events:
        if "data" in event:
            break
    await events.aclose()
    return await asyncio.to_thread(stay)


def long():
    talking = agent()
    for number in range(LONG):
        talking(f"long {number}")
    return len(talking.messages)


tell(
    {
        "ask": ask,
        "stream": lambda: asyncio.run(_stream()),
        "tool": lambda: ask(CALLING, tools=[get_weather]),
        "key": lambda: ask(key="wrong"),
        "cancel": lambda: asyncio.run(_cancel()),
        "long": long,
    }
)
