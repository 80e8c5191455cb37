"""Semantic Kernel's chat completions."""

import asyncio

from openai import AsyncOpenAI
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAIChatPromptExecutionSettings
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import kernel_function
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def chat(model=PLAIN, key=KEY):
    return OpenAIChatCompletion(ai_model_id=model, async_client=AsyncOpenAI(base_url=URL, api_key=key, max_retries=0))


@kernel_function
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def asked():
    history = ChatHistory()
    history.add_user_message(QUESTION)
    return history


async def ask(history=None, model=PLAIN, key=KEY, **options):
    settings = OpenAIChatPromptExecutionSettings(**options.pop("settings", {}))
    return await chat(model, key).get_chat_message_content(history or asked(), settings, **options)


async def _pieces(model=PLAIN):
    async for pieces in chat(model).get_streaming_chat_message_contents(asked(), OpenAIChatPromptExecutionSettings()):
        yield str(pieces[0])


async def stream():
    return "".join([piece async for piece in _pieces()])


async def tool():
    kernel = Kernel()
    kernel.add_function("sky", get_weather)
    settings = {"function_choice_behavior": FunctionChoiceBehavior.Auto()}
    return str(await ask(model=CALLING, settings=settings, kernel=kernel))


async def cancel():
    pieces = _pieces(ENDLESS)
    await anext(pieces)
    await anext(pieces)
    await pieces.aclose()
    return await asyncio.to_thread(stay)


async def long():
    history = ChatHistory()
    for number in range(LONG):
        history.add_user_message(f"long {number}")
        history.add_message(await ask(history))
    return len(history)


tell(
    {
        "ask": lambda: str(asyncio.run(ask())),
        "stream": lambda: asyncio.run(stream()),
        "tool": lambda: asyncio.run(tool()),
        "key": lambda: str(asyncio.run(ask(key="wrong"))),
        "cancel": lambda: asyncio.run(cancel()),
        "long": lambda: asyncio.run(long()),
    }
)
