"""Tools of the Responses API as functions of a chat completion, which knows no others, and calls of them as its items.

A tool inside a namespace is a function with both names, a tool that takes free text one with a single argument. Tools
that OpenAI runs itself cannot be run here: beside others, as agents send them, they are left out.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
"""

from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json

from chatapp.backend.gateway.chat_requests import wrong_field
from chatapp.backend.gateway.schemas import Json, object_in

INPUT = "input"
"""The argument of the function that stands for a tool that takes free text."""

_LONGEST_NAME = 64
"""OpenAI refuses functions with a longer name."""


def functions_of(tools: list[Json]) -> list[Json]:
    """Return the functions that stand for `tools`.

    Raises:
        RequestValidationError: there is none that can be served.
    """
    functions = [_function(tool, namespace) for tool, namespace in _served(tools)]
    if not functions:
        raise wrong_field("Must be a function: no other tools are served here", 0, "type", field="tools")
    return functions


def told_as(tools: list[Json]) -> dict[str, Json]:
    """Return what the item of a call has for a name and a type, by the name of the function; functions are left out."""
    return {
        function_name(tool, namespace): {
            "type": "custom_tool_call" if tool["type"] == "custom" else "function_call",
            "name": str(tool.get("name") or ""),
            **({"namespace": namespace} if namespace else {}),
        }
        for tool, namespace in _served(tools)
        if namespace or tool["type"] == "custom"
    }


def served(tools: list[Json]) -> list[Json]:
    """Return those of `tools` that are served."""
    return [tool for tool in tools if any(_served([tool]))]


def function_name(tool: Json, namespace: Any) -> str:
    """Return the name of the function that stands for a tool, or for the one that an item calls."""
    name = str(tool.get("name") or "")
    both = f"{namespace}__{name}"
    return both if namespace and len(both) <= _LONGEST_NAME else name


def choice_of(choice: Json) -> Json:
    """Return a choice of one tool as the choice of its function; others are passed on."""
    if choice.get("type") not in ("function", "custom"):
        return choice
    return {"type": "function", "function": {"name": function_name(choice, choice.get("namespace"))}}


def free_text(arguments: str) -> str:
    """Return the text that a model calls a tool with; all that it wrote where that is no JSON as it was asked for."""
    text = object_in(arguments).get(INPUT)
    return text if isinstance(text, str) else arguments


def arguments_of(text: Any) -> str:
    """Return the arguments of the function for a call with free text."""
    return to_json({INPUT: str(text or "")}).decode()


def _served(tools: list[Json]) -> Iterator[tuple[Json, str]]:
    """Give each tool that can be served, with the name of its namespace."""
    for tool in tools:
        if tool.get("type") in ("function", "custom"):
            yield tool, ""
        elif tool.get("type") == "namespace" and isinstance(inside := tool.get("tools"), list):
            namespace = str(tool.get("name") or "")
            yield from (
                (one, namespace)
                for one in inside
                if isinstance(one, dict) and one.get("type") in ("function", "custom")
            )


def _function(tool: Json, namespace: str) -> Json:
    name = function_name(tool, namespace)
    if tool["type"] == "function":
        told = {key: value for key, value in tool.items() if key not in {"type", "defer_loading"}}
        return {"type": "function", "function": {**told, "name": name}}
    text: Json = {"type": "string", "description": _rule(tool.get("format"))}
    parameters = {"type": "object", "properties": {INPUT: text}, "required": [INPUT], "additionalProperties": False}
    function: Json = {"name": name, "parameters": parameters}
    if tool.get("description"):
        function["description"] = tool["description"]
    return {"type": "function", "function": function}


def _rule(form: Any) -> str:
    """Return what a model is told of the text: its grammar, which nobody enforces here."""
    if not isinstance(form, dict) or form.get("type") != "grammar":
        return "Free text."
    return f"Text by this grammar ({form.get('syntax')}):\n{form.get('definition')}"
