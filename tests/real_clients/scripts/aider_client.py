"""Aider, as its users start it, but for the terminal. It calls no tools: its edits are text."""

import os

from telling import KEY, LONG, PLAIN, QUESTION, URL, tell

os.environ.update(OPENAI_API_BASE=URL, OPENAI_API_KEY=KEY)

from aider.coders import Coder
from aider.io import InputOutput
from aider.models import Model

NAME = f"openai/{PLAIN}"


def coder(*, stream=True):
    said = InputOutput(yes=True, pretty=False, fancy_input=False, chat_history_file=None)
    return Coder.create(
        main_model=Model(NAME, weak_model=NAME), io=said, edit_format="ask", stream=stream, use_git=False
    )


def key():
    os.environ["OPENAI_API_KEY"] = "wrong"
    lines = []
    wrong = coder(stream=False)
    wrong.io.tool_error = lambda *words, **_: lines.append(" ".join(map(str, words)))
    wrong.run_one(QUESTION, preproc=False)
    os.environ["OPENAI_API_KEY"] = KEY
    raise RuntimeError(" ".join(lines))


def long():
    one = coder()
    for number in range(LONG):
        one.run_one(f"long {number}", preproc=False)
    return len(one.cur_messages + one.done_messages)


def answer(*, stream):
    one = coder(stream=stream)
    one.run_one(QUESTION, preproc=False)
    return one.partial_response_content


tell({"ask": lambda: answer(stream=False), "stream": lambda: answer(stream=True), "long": long, "key": key})
