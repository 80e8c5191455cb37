"""Requests of Anthropic's Messages API, turned into the messages of a chat completion.

https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json

from chatapp.backend.gateway.anthropic_schemas import MessagesRequest
from chatapp.backend.gateway.chat_requests import in_one_text, question_with, wrong_field
from chatapp.backend.gateway.schemas import Json
from chatapp.backend.models.chat_model import ModelRequest
from chatapp.backend.turns.estimate import likely_tokens, likely_usage
from chatapp.protocol.question import Question

_OURS = ("model", "messages", "system", "stream", "store")
_TRANSLATED = ("stop_sequences", "tools", "tool_choice", "output_config", "thinking")
_ONLY_ELSEWHERE = ("n", "stop", "max_completion_tokens", "response_format", "stream_options")
"""What a chat completion calls other things here: it would take their place behind our back."""

_ONLY_THERE = ("metadata", "service_tier", "container", "mcp_servers", "context_management", "cache_control",
               "inference_geo", "speed", "betas", "diagnostics", "thread")  # fmt: skip
_ROLES, _FILES = ("user", "assistant", "system"), ("image", "document")
_NOT_SENT_BACK = ("thinking", "redacted_thinking", "server_tool_use", "mcp_tool_use")
"""Tuples: what a client sends may be a list or an object, which no set can be asked for."""

_THEIR_RESULT = "_tool_result"
"""How the type of what a tool of Anthropic's has found ends; it stands in the answer, behind the call."""

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_FAILED = "The tool failed."
_THEIR_TOOL = "Must be a tool of the client's: Anthropic's own, such as web_search, are not served here"


def messages_question(wanted: MessagesRequest) -> Question:
    """Return the question that a request asks.

    Raises:
        RequestValidationError: it holds what is not served here.
    """
    return question_with(wanted, [*_system(wanted.system), *_messages(wanted.messages)], _parameters(wanted))


def _system(system: str | list[Json] | None) -> list[Json]:
    text = system if isinstance(system, str) else "\n\n".join(_texts(system or [], "system"))
    return [{"role": "system", "content": text}] if text else []


def _texts(blocks: list[Json], field: str) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if block.get("type") != "text":
            raise wrong_field("Must be a text", number, "type", field=field)
        yield str(block.get("text", ""))


def _messages(given: list[Json]) -> list[Json]:
    messages: list[Json] = []
    for number, message in enumerate(given):
        role, content = message.get("role"), message.get("content")
        if role not in _ROLES:
            raise wrong_field("Must be user or assistant", number, "role")
        if isinstance(content, str):
            messages.append({"role": role, "content": content})
            continue
        if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
            raise wrong_field("Must be a text or a list of blocks", number, "content")
        messages += _said(content, number) if role == "assistant" else _asked(content, role, number)
    return messages


def _said(content: list[Json], number: int) -> list[Json]:
    """Return what the model has said, without its thoughts and what tools of Anthropic's did, which do not go back."""
    calls, blocks = [], []
    for place, block in enumerate(content):
        if block.get("type") == "tool_use":
            call = {"name": str(block.get("name", "")), "arguments": to_json(block.get("input") or {}).decode()}
            calls.append({"id": str(block.get("id", "")), "type": "function", "function": call})
        elif block.get("type") not in _NOT_SENT_BACK and not str(block.get("type")).endswith(_THEIR_RESULT):
            blocks.append(_part(block, number, place))
    message: Json = {"role": "assistant", "content": in_one_text(blocks) or (None if calls else "")}
    return [{**message, "tool_calls": calls} if calls else message]


def _asked(content: list[Json], role: str, number: int) -> list[Json]:
    """Return what tools have given back, each as a message of its own, and behind them what else is said.

    Pictures among results are shown behind them: a chat completion takes texts alone there.
    """
    results: list[Json] = []
    others: list[Json] = []
    for place, block in enumerate(content):
        if block.get("type") != "tool_result":
            others.append(_part(block, number, place))
            continue
        given = block.get("content") or []
        parts = [{"type": "text", "text": given}] if isinstance(given, str) else list(_parts(given, number, place))
        text = "\n\n".join(part["text"] for part in parts if part["type"] == "text")
        others += [part for part in parts if part["type"] != "text"]
        told = text or (_FAILED if block.get("is_error") else "")
        results.append({"role": "tool", "tool_call_id": str(block.get("tool_use_id", "")), "content": told})
    return [*results, {"role": role, "content": in_one_text(others)}] if others else results


def _parts(blocks: Any, number: int, place: int) -> Iterator[Json]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise wrong_field("Must be a text or a list of blocks", number, "content", place, "content")
    yield from (_part(block, number, place) for block in blocks)


def _part(block: Json, number: int, place: int) -> Json:
    """Return a block as a part of a message of a chat completion."""
    kind, source = block.get("type"), block.get("source")
    if kind == "text":
        return {"type": "text", "text": str(block.get("text", ""))}
    if kind in _FILES and isinstance(source, dict):
        if kind == "image" and (url := _url(source)):
            return {"type": "image_url", "image_url": {"url": url}}
        if source.get("type") == "text":
            return {"type": "text", "text": str(source.get("data", ""))}
        if source.get("type") == "content" and (text := _text_in(source.get("content"))) is not None:
            return {"type": "text", "text": text}
        if source.get("type") == "base64":
            name = str(block.get("title") or "document.pdf")
            return {"type": "file", "file": {"filename": name, "file_data": _url(source)}}
    if kind == "search_result" and (text := _text_in(block.get("content"))) is not None:
        found = filter(None, (block.get("title"), source, text))
        return {"type": "text", "text": "\n\n".join(map(str, found))}
    raise wrong_field(
        "Must be a text, an image, a document, a search_result, a tool_use or a tool_result",
        number,
        "content",
        place,
        "type",
    )


def _text_in(content: Any) -> str | None:
    """Return what a document or a search result says, None where that is more than text."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else [None]
    texts = [block.get("text") if isinstance(block, dict) else None for block in blocks]
    return "\n\n".join(map(str, texts)) if None not in texts else None


def _url(source: Json) -> str:
    if source.get("type") == "base64":
        return f"data:{source.get('media_type', 'application/octet-stream')};base64,{source.get('data', '')}"
    return str(source.get("url") or "")


def _parameters(wanted: MessagesRequest) -> Json:
    """Return what else is asked for, in the words of a chat completion."""
    parameters = wanted.passed_on(*_OURS, *_TRANSLATED, *_ONLY_THERE, *_ONLY_ELSEWHERE)
    if wanted.stop_sequences:
        parameters["stop"] = wanted.stop_sequences
    if wanted.tools:
        parameters["tools"] = _functions(wanted.tools)
    if wanted.tools and wanted.tool_choice is not None:
        parameters |= _choice(wanted.tool_choice, wanted.tools)
    form = (wanted.output_config or {}).get("format")
    if isinstance(form, dict) and form.get("type") == "json_schema":
        schema = {"name": "answer", "schema": form.get("schema"), "strict": True}
        parameters["response_format"] = {"type": "json_schema", "json_schema": schema}
    return parameters


def _choice(choice: Json, tools: list[Json]) -> Json:
    kind = choice.get("type")
    if kind == "tool":
        if any(tool.get("name") == choice.get("name") and _is_theirs(tool) for tool in tools):
            raise wrong_field(_THEIR_TOOL, "name", field="tool_choice")
        told: Any = {"type": "function", "function": {"name": choice.get("name")}}
    elif isinstance(kind, str) and kind in _CHOICES:
        told = _CHOICES[kind]
    else:
        raise wrong_field("Must be auto, any, tool or none", "type", field="tool_choice")
    return {"tool_choice": told, **({"parallel_tool_calls": False} if choice.get("disable_parallel_tool_use") else {})}


def _functions(tools: list[Json]) -> list[Json]:
    """Return the functions that stand for `tools`; beside others those of Anthropic's are left out."""
    functions = [_function(tool) for tool in tools if not _is_theirs(tool)]
    if not functions:
        raise wrong_field(_THEIR_TOOL, 0, "type", field="tools")
    return functions


def _is_theirs(tool: Json) -> bool:
    return bool(tool.get("type", "custom") != "custom")


def _function(tool: Json) -> Json:
    function: Json = {"name": tool.get("name"), "parameters": tool.get("input_schema") or {"type": "object"}}
    if tool.get("description"):
        function["description"] = tool["description"]
    return {"type": "function", "function": function}


def likely_tokens_of(question: Question) -> int:
    """Return about how many tokens a question is, its tools included. Linear in its length."""
    request = ModelRequest([], wire_messages=question.wire_messages)
    told = question.parameters.get("tools")
    tools = likely_tokens(to_json(told).decode()) if told else 0
    return likely_usage(request).prompt_tokens + tools
