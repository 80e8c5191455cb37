"""AG2's agents."""

import asyncio

from ag2 import Agent, tool
from ag2.config import OpenAIConfig
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


@tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def agent(model=PLAIN, key=KEY, **options):
    config = OpenAIConfig(model=model, api_key=key, base_url=URL, max_retries=0, streaming=model == ENDLESS)
    return Agent("asking", "Be brief.", config=config, **options)


async def ask(model=PLAIN, **options):
    return (await agent(model, **options).ask(QUESTION)).body


async def cancel():
    asking = asyncio.create_task(ask(ENDLESS))
    await asyncio.sleep(2)
    asking.cancel()
    return await asyncio.to_thread(stay)


async def long():
    answer = await agent().ask("long 0")
    for number in range(1, LONG):
        answer = await answer.ask(f"long {number}")
    return 2 * LONG


tell(
    {
        "ask": lambda: asyncio.run(ask()),
        "tool": lambda: asyncio.run(ask(CALLING, tools=[get_weather])),
        "key": lambda: asyncio.run(ask(key="wrong")),
        "cancel": lambda: asyncio.run(cancel()),
        "long": lambda: asyncio.run(long()),
    }
)
