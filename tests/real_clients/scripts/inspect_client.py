"""Inspect's models, with its provider for servers that speak OpenAI's API."""

import asyncio
import os

from inspect_ai.model import ChatMessageUser, execute_tools, get_model
from inspect_ai.tool import tool
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def model(name=PLAIN, key=KEY):
    told = {"base_url": URL, "api_key": key, "max_retries": 0, "memoize": False}
    return get_model(f"openai-api/chatapp/{name}", **told)


async def generate(asked, name=PLAIN, **options):
    return await model(name).generate(asked, **options)


@tool
def get_weather():
    async def execute(city: str) -> str:
        """Return the weather.

        Args:
            city: Where.
        """
        return f"rain in {city}"

    return execute


async def call():
    asked, tools = [ChatMessageUser(content=QUESTION)], [get_weather()]
    called = await generate(asked, CALLING, tools=tools)
    results = (await execute_tools([*asked, called.message], tools)).messages
    return (await generate([*asked, called.message, *results], CALLING, tools=tools)).completion


async def key():
    return (await model(key="wrong").generate(QUESTION)).completion


async def cancel():
    asking = asyncio.create_task(generate(QUESTION, ENDLESS))
    await asyncio.sleep(2)
    asking.cancel()
    return await asyncio.to_thread(stay)


async def long():
    said = []
    for number in range(LONG):
        said.append(ChatMessageUser(content=f"long {number}"))
        said.append((await generate(said)).message)
    return len(said)


async def ask():
    return (await generate(QUESTION)).completion


os.environ["INSPECT_DISPLAY"] = "none"
cases = {"ask": ask, "tool": call, "key": key, "cancel": cancel, "long": long}
tell({name: lambda case=case: asyncio.run(case()) for name, case in cases.items()})
