"""LangChain's `ChatOpenAI`."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool as as_tool
from langchain_openai import ChatOpenAI
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def chat(model=PLAIN, key=KEY):
    return ChatOpenAI(model=model, base_url=URL, api_key=key, max_retries=0)


@as_tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def tool():
    model, messages = chat(CALLING).bind_tools([get_weather]), [HumanMessage(QUESTION)]
    messages.append(model.invoke(messages))
    calls = messages[-1].tool_calls
    messages += [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in calls]
    return model.invoke(messages).content


def cancel():
    chunks = chat(ENDLESS).stream(QUESTION)
    next(chunks)
    next(chunks)
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
        "ask": lambda: chat().invoke(QUESTION).content,
        "stream": lambda: "".join(chunk.content for chunk in chat().stream(QUESTION)),
        "tool": tool,
        "key": lambda: chat(key="wrong").invoke(QUESTION).content,
        "cancel": cancel,
        "long": long,
    }
)
