"""Instructor, which makes a model's call of a tool an object."""

import instructor
from openai import OpenAI
from pydantic import BaseModel
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

asked = [{"role": "user", "content": QUESTION}]


class get_weather(BaseModel):  # noqa: N801 - the name of the tool that the model calls
    city: str


def client(key=KEY, mode=instructor.Mode.TOOLS):
    return instructor.from_openai(OpenAI(base_url=URL, api_key=key, max_retries=0), mode=mode)


def create(key=KEY, model=CALLING, messages=asked):
    return client(key).chat.completions.create(
        model=model, messages=messages, response_model=get_weather, max_retries=0
    )


def stream():
    partly = client().chat.completions.create_partial(model=CALLING, messages=asked, response_model=get_weather)
    return list(partly)[-1].city


def cancel():
    chunks = client().chat.completions.create(model=ENDLESS, messages=asked, response_model=None, stream=True)
    next(chunks)
    next(chunks)
    chunks.close()
    return stay()


def long():
    messages = []
    for number in range(LONG):
        messages.append({"role": "user", "content": f"long {number}"})
        answer = client().chat.completions.create(model=PLAIN, messages=messages, response_model=None)
        messages.append(answer.choices[0].message.model_dump())
    return len(messages)


tell(
    {
        "ask": lambda: (
            client()
            .chat.completions.create(model=PLAIN, messages=asked, response_model=None)
            .choices[0]
            .message.content
        ),
        "stream": stream,
        "tool": lambda: create().city,
        "key": lambda: create(key="wrong").city,
        "cancel": cancel,
        "long": long,
    }
)
