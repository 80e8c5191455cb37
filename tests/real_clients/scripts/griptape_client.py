"""Griptape, with a tokenizer that asks nobody: its own asks the web for OpenAI's encoding before a second question."""

import logging

from griptape.artifacts import ErrorArtifact, TextArtifact
from griptape.drivers.prompt.openai import OpenAiChatPromptDriver
from griptape.structures import Agent
from griptape.tokenizers import SimpleTokenizer
from griptape.tools import BaseTool
from griptape.utils import Stream
from griptape.utils.decorators import activity
from schema import Schema
from telling import CALLING, KEY, LONG, PLAIN, QUESTION, URL, tell

logging.disable(logging.CRITICAL)


class Weather(BaseTool):
    @activity(config={"description": "Return the weather.", "schema": Schema({"city": str})})
    def get_weather(self, _params):
        return TextArtifact("rain")


def agent(name=PLAIN, key=KEY, tools=(), *, stream=False):
    tokenizer = SimpleTokenizer(characters_per_token=4, max_input_tokens=2000, max_output_tokens=2000)
    driver = OpenAiChatPromptDriver(
        model=name, base_url=URL, api_key=key, stream=stream, max_attempts=1, tokenizer=tokenizer
    )
    return Agent(prompt_driver=driver, tools=list(tools))


def said(*given, **options):
    output = agent(*given, **options).run(QUESTION).output
    if isinstance(output, ErrorArtifact):  # which it gives in place of the answer
        raise RuntimeError(output.value)
    return output.value


def long():
    talking = agent()
    for number in range(LONG):
        talking.run(f"long {number}")
    return 2 * LONG


tell(
    {
        "ask": said,
        "stream": lambda: "".join(piece.value for piece in Stream(agent(stream=True)).run(QUESTION)).strip(),
        "tool": lambda: said(CALLING, tools=[Weather()]),
        "key": lambda: said(key="wrong"),
        "long": long,
    }
)
