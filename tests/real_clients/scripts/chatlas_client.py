"""Chatlas, over chat completions or over the Responses API, where it says `"store": false`: hence the header."""

from chatlas import ChatOpenAI, ChatOpenAICompletions
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, SPEAKS, URL, stay, tell


def chat(name=PLAIN, key=KEY):
    kind = ChatOpenAI if SPEAKS == "responses" else ChatOpenAICompletions
    return kind(base_url=URL, api_key=key, model=name, kwargs={"default_headers": {"X-Chatapp-Store": "true"}})


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def ask(key=KEY):
    return str(chat(key=key).chat(QUESTION, echo="none"))


def tool():
    calling = chat(CALLING)
    calling.register_tool(get_weather)
    return str(calling.chat(QUESTION, echo="none"))


def cancel():
    words = chat(ENDLESS).stream(QUESTION)
    next(words)
    words.close()
    return stay()


def long():
    talking = chat()
    for number in range(LONG):
        talking.chat(f"long {number}", echo="none")
    return len(talking.get_turns())


tell(
    {
        "ask": ask,
        "stream": lambda: "".join(chat().stream(QUESTION)),
        "tool": tool,
        "key": lambda: ask("wrong"),
        "cancel": cancel,
        "long": long,
    }
)
