"""OpenAI's Agents SDK, which speaks the Responses API unless it is told otherwise."""

import asyncio

from agents import Agent, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

set_tracing_disabled(True)


def agent(model=PLAIN, key=KEY, **options):
    client = AsyncOpenAI(base_url=URL, api_key=key, max_retries=0)
    return Agent(name="tried", model=OpenAIResponsesModel(model=model, openai_client=client), **options)


@function_tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def ask(question=QUESTION, **options):
    return asyncio.run(Runner.run(agent(**options), question)).final_output


async def _stream():
    result = Runner.run_streamed(agent(), QUESTION)
    events = [event async for event in result.stream_events() if event.type == "raw_response_event"]
    return "".join(event.data.delta for event in events if event.data.type == "response.output_text.delta")


async def _cancel():
    result = Runner.run_streamed(agent(ENDLESS), QUESTION)
    async for event in result.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            break
    result.cancel()
    return await asyncio.to_thread(stay)


async def _long():
    said = []
    for number in range(LONG):
        said.append({"role": "user", "content": f"long {number}"})
        said = (await Runner.run(agent(), said)).to_input_list()
    return len(said)


tell(
    {
        "ask": ask,
        "stream": lambda: asyncio.run(_stream()),
        "tool": lambda: ask(model=CALLING, tools=[get_weather]),
        "key": lambda: ask(key="wrong"),
        "cancel": lambda: asyncio.run(_cancel()),
        "long": lambda: asyncio.run(_long()),
    }
)
