"""Agno's agents, with its model for servers that speak OpenAI's API."""

import gc

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.openai.like import OpenAILike
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def agent(model=PLAIN, key=KEY, **options):
    return Agent(model=OpenAILike(id=model, base_url=URL, api_key=key, max_retries=0), telemetry=False, **options)


def ask(model=PLAIN, **options):
    return agent(model, **options).run(QUESTION).content


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def stream():
    return "".join(event.content for event in agent().run(QUESTION, stream=True) if event.event == "RunContent")


def key():
    raise RuntimeError(ask(key="wrong"))  # which is told in the place of an answer


def cancel():
    events = agent(ENDLESS).run(QUESTION, stream=True)
    next(event for event in events if event.event == "RunContent")
    events.close()
    gc.collect()  # the stream of openai's package is part of a cycle
    return stay()


def long():
    talking = agent(db=InMemoryDb(), session_id="long", add_history_to_context=True, num_history_runs=LONG)
    for number in range(LONG):
        talking.run(f"long {number}")
    return 2 * LONG


tell(
    {
        "ask": ask,
        "stream": stream,
        "tool": lambda: ask(CALLING, tools=[get_weather]),
        "key": key,
        "cancel": cancel,
        "long": long,
    }
)
