"""Magentic, with its model of OpenAI's chat completions."""

import gc

from magentic import Chat, FunctionCall, OpenaiChatModel, StreamedStr, UserMessage
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def asked(name=PLAIN, key=KEY, question=QUESTION, **options):
    model = OpenaiChatModel(name, api_key=key, base_url=URL)
    return Chat([UserMessage(question)], model=model, **options).submit()


def ask(key=KEY):
    return asked(key=key).last_message.content


def tool():
    called = asked(CALLING, functions=[get_weather], output_types=[str, FunctionCall])
    return called.exec_function_call().submit().last_message.content


def cancel():
    chat = asked(ENDLESS, output_types=[StreamedStr])
    next(iter(chat.last_message.content))
    del chat
    gc.collect()
    return stay()


def long():
    chat = asked(question="long 0")
    for number in range(1, LONG):
        chat = chat.add_user_message(f"long {number}").submit()
    return len(chat.messages)


tell(
    {
        "ask": ask,
        "stream": lambda: "".join(asked(output_types=[StreamedStr]).last_message.content),
        "tool": tool,
        "key": lambda: ask("wrong"),
        "cancel": cancel,
        "long": long,
    }
)
