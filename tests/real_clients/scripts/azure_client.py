"""Azure's own client of models, which asks whoever speaks chat completions."""

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsToolDefinition,
    FunctionDefinition,
    ToolMessage,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from telling import CALLING, ENDLESS, KEY, LONG, PLAIN, QUESTION, URL, stay, tell

WEATHER = ChatCompletionsToolDefinition(
    function=FunctionDefinition(name="get_weather", description="The weather.", parameters={"type": "object"})
)


def complete(messages, model=PLAIN, key=KEY, **options):
    client = ChatCompletionsClient(endpoint=URL, credential=AzureKeyCredential(key), retry_total=0)
    return client.complete(messages=messages, model=model, **options)


def ask(key=KEY):
    return complete([UserMessage(QUESTION)], key=key).choices[0].message.content


def stream():
    updates = complete([UserMessage(QUESTION)], stream=True)
    return "".join(choice.delta.content or "" for update in updates for choice in update.choices)


def tool():
    asked = [UserMessage(QUESTION)]
    calls = complete(asked, CALLING, tools=[WEATHER]).choices[0].message.tool_calls
    told = [AssistantMessage(tool_calls=calls), ToolMessage("rain", tool_call_id=calls[0].id)]
    return complete([*asked, *told], CALLING, tools=[WEATHER]).choices[0].message.content


def cancel():
    with complete([UserMessage(QUESTION)], ENDLESS, stream=True) as updates:
        next(updates)
    return stay()


def long():
    said = []
    for number in range(LONG):
        said.append(UserMessage(f"long {number}"))
        said.append(AssistantMessage(complete(said).choices[0].message.content))
    return len(said)


tell({"ask": ask, "stream": stream, "tool": tool, "key": lambda: ask("wrong"), "cancel": cancel, "long": long})
