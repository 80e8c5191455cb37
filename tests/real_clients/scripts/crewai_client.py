"""CrewAI's model, and its agents, which call tools."""

import os

os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "OTEL_SDK_DISABLED": "true", "CREWAI_TRACING_ENABLED": "false"}

from crewai import LLM, Agent
from crewai.tools import tool
from telling import CALLING, KEY, LONG, PLAIN, QUESTION, URL, tell


@tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def model(name=PLAIN, key=KEY, **options):
    return LLM(model=f"openai/{name}", base_url=URL, api_key=key, max_retries=0, **options)


def call():
    agent = Agent(role="r", goal="g", backstory="b", llm=model(CALLING), tools=[get_weather], verbose=False)
    return agent.kickoff(QUESTION).raw


def long():
    said = []
    for number in range(LONG):
        said.append({"role": "user", "content": f"long {number}"})
        said.append({"role": "assistant", "content": model().call(said)})
    return len(said)


tell(
    {
        "ask": lambda: model().call(QUESTION),
        "stream": lambda: model(stream=True).call(QUESTION),
        "tool": call,
        "key": lambda: model(key="wrong").call(QUESTION),
        "long": long,
    }
)
