"""The `llm` package, by the file in which its users describe servers of their own."""

import os
from pathlib import Path

from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

folder = Path(os.environ["LLM_USER_PATH"])
folder.mkdir(exist_ok=True)
ENTRY = "- model_id: {0}\n  model_name: {0}\n  api_base: {1}\n  supports_tools: true\n  api_key_name: chatapp\n"
(folder / "extra-openai-models.yaml").write_text("".join(ENTRY.format(name, URL) for name in (PLAIN, CALLING, ENDLESS)))

import llm  # noqa: E402 - reads its folder


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def tool():
    return llm.get_model(CALLING).chain(QUESTION, tools=[get_weather], key=KEY).text()


def cancel():
    pieces = iter(llm.get_model(ENDLESS).prompt(QUESTION, key=KEY))
    next(pieces)
    next(pieces)
    pieces.close()
    return stay()


def long():
    conversation = llm.get_model(PLAIN).conversation()
    for number in range(LONG):
        conversation.prompt(f"long {number}", key=KEY).text()
    return 2 * LONG


tell(
    {
        "ask": lambda: llm.get_model(PLAIN).prompt(QUESTION, key=KEY, stream=False).text(),
        "stream": lambda: "".join(llm.get_model(PLAIN).prompt(QUESTION, key=KEY)),
        "tool": tool,
        "key": lambda: llm.get_model(PLAIN).prompt(QUESTION, key="wrong").text(),
        "cancel": cancel,
        "long": long,
    }
)
