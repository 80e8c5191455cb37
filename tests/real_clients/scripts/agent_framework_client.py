"""Microsoft's Agent Framework, over chat completions or over the Responses API."""

import asyncio
import contextlib

from agent_framework import Agent
from agent_framework import tool as as_tool
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, SPEAKS, URL, stay, tell


def agent(name=PLAIN, key=KEY, tools=None):
    kind = OpenAIChatClient if SPEAKS == "responses" else OpenAIChatCompletionClient
    return Agent(kind(name, base_url=URL, api_key=key), tools=tools)


@as_tool(approval_mode="never_require")
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


async def said(*given, **options):
    return (await agent(*given, **options).run(QUESTION)).text


async def stream():
    updates = agent().run(QUESTION, stream=True)
    async for _ in updates:
        pass
    return (await updates.get_final_response()).text  # the updates of the Responses API say all twice


async def cancel():
    has_begun = asyncio.Event()

    async def read():
        async for _ in agent(ENDLESS).run(QUESTION, stream=True):
            has_begun.set()

    reading = asyncio.create_task(read())
    await has_begun.wait()
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    return await asyncio.to_thread(stay)


async def long():
    talking = agent()
    session = talking.create_session()
    for number in range(LONG):
        await talking.run(f"long {number}", session=session)
    return 2 * LONG


tell(
    {
        "ask": lambda: asyncio.run(said()),
        "stream": lambda: asyncio.run(stream()),
        "tool": lambda: asyncio.run(said(CALLING, tools=[get_weather])),
        "key": lambda: asyncio.run(said(key="wrong")),
        "cancel": lambda: asyncio.run(cancel()),
        "long": lambda: asyncio.run(long()),
    }
)
