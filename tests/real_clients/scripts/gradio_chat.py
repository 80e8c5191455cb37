"""Gradio's chat with a server by its address, asked as its page asks it."""

import gradio
from telling import ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def chat(model=PLAIN, key=KEY, *, streaming=True):
    return gradio.load_chat(URL, model=model, token=key, streaming=streaming).fn


def message(role, text):
    return {"role": role, "content": [{"type": "text", "text": text}]}


def cancel():
    words = chat(ENDLESS)(QUESTION, [])
    next(words)
    words.close()
    return stay()


def long():
    said = []
    for number in range(LONG):
        question = f"long {number}"
        answer = chat(streaming=False)(question, said)
        said = [*said, message("user", question), message("assistant", answer)]
    return len(said)


tell(
    {
        "ask": lambda: chat(streaming=False)(QUESTION, []),
        "stream": lambda: list(chat()(QUESTION, []))[-1],
        "key": lambda: chat(key="wrong", streaming=False)(QUESTION, []),
        "cancel": cancel,
        "long": long,
    }
)
