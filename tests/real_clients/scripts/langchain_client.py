"""LangChain's `ChatOpenAI`, with chat completions and with responses, and its `ChatAnthropic`."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool as as_tool
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, SPEAKS, URL, stay, tell

if SPEAKS == "messages":
    from langchain_anthropic import ChatAnthropic as Chat

    OPTIONS = {"base_url": URL.removesuffix("/v1")}
else:
    from langchain_openai import ChatOpenAI as Chat

    OPTIONS = {"base_url": URL, "use_responses_api": SPEAKS == "responses"}


def chat(model=PLAIN, key=KEY):
    return Chat(model=model, api_key=key, max_retries=0, **OPTIONS)


@as_tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def tool():
    model, messages = chat(CALLING).bind_tools([get_weather]), [HumanMessage(QUESTION)]
    messages.append(model.invoke(messages))
    calls = messages[-1].tool_calls
    messages += [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in calls]
    return model.invoke(messages).text


def cancel():
    chunks = chat(ENDLESS).stream(QUESTION)
    next(chunk for chunk in chunks if chunk.text)
    chunks.close()
    return stay()


def long():
    messages = []
    for number in range(LONG):
        messages.append(HumanMessage(f"long {number}"))
        messages.append(chat().invoke(messages))
    return len(messages)


tell(
    {
        "ask": lambda: chat().invoke(QUESTION).text,
        "stream": lambda: "".join(chunk.text for chunk in chat().stream(QUESTION)),
        "tool": tool,
        "key": lambda: chat(key="wrong").invoke(QUESTION).text,
        "cancel": cancel,
        "long": long,
    }
)
