"""Google's Agent Development Kit, which reaches other servers through LiteLLM."""

import asyncio

from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

APP = "tried"


def agent(model=PLAIN, key=KEY, tools=()):
    reached = LiteLlm(model=f"openai/{model}", api_base=URL, api_key=key, max_retries=0)
    return Agent(name="tried", model=reached, tools=list(tools))


async def _events(runner, session, words, mode=StreamingMode.NONE):
    message = types.Content(role="user", parts=[types.Part(text=words)])
    config = RunConfig(streaming_mode=mode)
    async for event in runner.run_async(user_id=APP, session_id=session.id, new_message=message, run_config=config):
        text = "".join(part.text or "" for part in event.content.parts or ()) if event.content else ""
        yield event.partial, text


async def _talk(agent, *questions):
    runner = InMemoryRunner(agent=agent, app_name=APP)
    session = await runner.session_service.create_session(app_name=APP, user_id=APP)
    return [[text async for _, text in _events(runner, session, words)][-1] for words in questions][-1]


def ask(model=PLAIN, *questions, **options):
    return asyncio.run(_talk(agent(model, **options), *(questions or [QUESTION])))


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


async def _pieces(model, most):
    runner = InMemoryRunner(agent=agent(model), app_name=APP)
    session = await runner.session_service.create_session(app_name=APP, user_id=APP)
    events, said = _events(runner, session, QUESTION, StreamingMode.SSE), []
    async for is_partial, text in events:
        if is_partial:
            said.append(text)
        if len(said) == most:
            break
    await events.aclose()
    return "".join(said)


def cancel():
    asyncio.run(_pieces(ENDLESS, 2))
    return stay()


tell(
    {
        "ask": ask,
        "stream": lambda: asyncio.run(_pieces(PLAIN, None)),
        "tool": lambda: ask(CALLING, tools=[get_weather]),
        "key": lambda: ask(key="wrong"),
        "cancel": cancel,
        "long": lambda: ask(PLAIN, *(f"long {number}" for number in range(LONG))),
    }
)
