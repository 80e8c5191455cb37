"""Guidance, with its model of OpenAI's API."""

from guidance import assistant, gen, models, user
from telling import KEY, LONG, PLAIN, QUESTION, URL, tell


def asked(*questions, key=KEY):
    model = models.OpenAI(PLAIN, api_key=key, base_url=URL, echo=False)
    for question in questions:
        with user():
            model += question
        with assistant():
            model += gen("answer", max_tokens=40)
    return model["answer"]


def long():
    asked(*(f"long {number}" for number in range(LONG)))
    return 2 * LONG


tell({"ask": lambda: asked(QUESTION), "key": lambda: asked(QUESTION, key="wrong"), "long": long})
