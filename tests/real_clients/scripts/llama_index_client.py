"""LlamaIndex's model for servers that speak OpenAI's API."""

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell


def chat(model=PLAIN, key=KEY):
    kind = {"is_chat_model": True, "is_function_calling_model": True}
    return OpenAILike(model=model, api_base=URL, api_key=key, max_retries=0, **kind)


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"rain in {city}"


def asked():
    return [ChatMessage(role="user", content=QUESTION)]


def tool():
    model, said = chat(CALLING), asked()
    response = model.chat_with_tools([FunctionTool.from_defaults(get_weather)], chat_history=said)
    (call,) = model.get_tool_calls_from_response(response)
    result = ChatMessage(role="tool", content=get_weather(**call.tool_kwargs))
    result.additional_kwargs["tool_call_id"] = call.tool_id
    return model.chat([*said, response.message, result]).message.content


def cancel():
    pieces = chat(ENDLESS).stream_chat(asked())
    next(pieces)
    next(pieces)
    pieces.close()
    return stay()


def long():
    said = []
    for number in range(LONG):
        said.append(ChatMessage(role="user", content=f"long {number}"))
        said.append(chat().chat(said).message)
    return len(said)


tell(
    {
        "ask": lambda: chat().complete(QUESTION).text,
        "stream": lambda: "".join(piece.delta or "" for piece in chat().stream_chat(asked())),
        "tool": tool,
        "key": lambda: chat(key="wrong").complete(QUESTION).text,
        "cancel": cancel,
        "long": long,
    }
)
