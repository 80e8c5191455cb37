"""Aisuite, with its provider for OpenAI."""

import aisuite
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

QUESTIONS = [{"role": "user", "content": QUESTION}]


def get_weather(city: str) -> str:
    """Return the weather.

    Args:
        city: where
    """
    return f"rain in {city}"


def asked(messages=QUESTIONS, name=PLAIN, key=KEY, **options):
    client = aisuite.Client({"openai": {"api_key": key, "base_url": URL}})
    return client.chat.completions.create(model=f"openai:{name}", messages=messages, **options)


def said(*given, **options):
    return asked(*given, **options).choices[0].message.content


def cancel():
    chunks = asked(name=ENDLESS, stream=True)
    next(iter(chunks))
    chunks.close()
    return stay()


def long():
    messages = []
    for number in range(LONG):
        messages.append({"role": "user", "content": f"long {number}"})
        messages.append({"role": "assistant", "content": said(messages)})
    return len(messages)


tell(
    {
        "ask": said,
        "stream": lambda: "".join(
            chunk.choices[0].delta.content or "" for chunk in asked(stream=True) if chunk.choices
        ),
        "tool": lambda: said(name=CALLING, tools=[get_weather], max_turns=3),
        "key": lambda: said(key="wrong"),
        "cancel": cancel,
        "long": long,
    }
)
