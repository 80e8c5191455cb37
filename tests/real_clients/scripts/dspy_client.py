"""DSPy's language model."""

import dspy
from telling import KEY, LONG, PLAIN, QUESTION, URL, tell


def chat(model=PLAIN, key=KEY):
    return dspy.LM(f"openai/{model}", api_base=URL, api_key=key, cache=False, num_retries=0)


def said_by(lm, messages):
    (answer,) = lm(messages=messages)
    return answer if isinstance(answer, str) else answer["text"]


def ask(**options):
    return said_by(chat(**options), [{"role": "user", "content": QUESTION}])


def long():
    said = []
    for number in range(LONG):
        said.append({"role": "user", "content": f"long {number}"})
        said.append({"role": "assistant", "content": said_by(chat(), said)})
    return len(said)


tell({"ask": ask, "key": lambda: ask(key="wrong"), "long": long})
