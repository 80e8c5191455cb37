"""Pydantic AI's agents, which speak each of the three APIs."""

import asyncio

from pydantic_ai import Agent
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, SPEAKS, URL, stay, tell

if SPEAKS == "messages":
    from pydantic_ai.models.anthropic import AnthropicModel as Model
    from pydantic_ai.providers.anthropic import AnthropicProvider as Provider

    BASE = URL.removesuffix("/v1")
else:
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider as Provider

    Model, BASE = (OpenAIResponsesModel if SPEAKS == "responses" else OpenAIChatModel), URL


def agent(model=PLAIN, key=KEY, **options):
    return Agent(Model(model, provider=Provider(base_url=BASE, api_key=key)), **options)


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


async def _stream():
    async with agent().run_stream(QUESTION) as result:
        return "".join([piece async for piece in result.stream_text(delta=True)])


async def _cancel():
    async with agent(ENDLESS).run_stream(QUESTION) as result:
        pieces = 0
        async for _ in result.stream_text(delta=True, debounce_by=None):
            pieces += 1
            if pieces == 2:
                break
    return await asyncio.to_thread(stay)


def long():
    asked, history = agent(), []
    for number in range(LONG):
        history = asked.run_sync(f"long {number}", message_history=history).all_messages()
    return len(history)


tell(
    {
        "ask": lambda: agent().run_sync(QUESTION).output,
        "stream": lambda: asyncio.run(_stream()),
        "tool": lambda: agent(CALLING, tools=[get_weather]).run_sync(QUESTION).output,
        "key": lambda: agent(key="wrong").run_sync(QUESTION).output,
        "cancel": lambda: asyncio.run(_cancel()),
        "long": long,
    }
)
