"""Requests of the Responses API, turned into the messages of a chat completion.

https://platform.openai.com/docs/api-reference/responses/create
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from typing import Any

from chatapp.backend.attachments.desk import WAIT_S, AttachmentDesk
from chatapp.backend.attachments.media import image_part
from chatapp.backend.gateway.chat_requests import in_one_text, question_with, wrong_field
from chatapp.backend.gateway.response_tools import arguments_of, choice_of, function_name, functions_of
from chatapp.backend.gateway.schemas import Json, ResponseRequest
from chatapp.backend.store import Store, StoredMessage, StoredTurn
from chatapp.backend.store.identity import now
from chatapp.backend.turns.process import this_process
from chatapp.errors import InvalidRequestError, NotFoundError, OverloadedError
from chatapp.protocol.messages import AttachmentPart, ToolCallPart, ToolResultPart
from chatapp.protocol.question import Question

ID = "resp_"
"""What the id of a response begins with; the id of its turn follows."""

LOOK_EVERY_S = 0.1

_OURS = ("model", "input", "instructions", "previous_response_id", "stream", "store")
_TRANSLATED = ("max_output_tokens", "tools", "tool_choice", "text", "reasoning")
_ROLES = ("user", "assistant", "system", "developer")
_TEXTS = ("input_text", "output_text", "text", "refusal")
"""Tuples: what a client sends may be a list or an object, which no set can be asked for."""

LOGPROBS = "message.output_text.logprobs"
"""What stands in the field `include` of a request that wants the logprobs of its answer."""

_ONLY_ELSEWHERE = ("messages", "n", "max_tokens", "max_completion_tokens", "logprobs")
"""What a chat completion calls other things here: it would take their place behind our back."""

_ONLY_THERE = ("include", "truncation", "metadata", "background", "service_tier", "prompt_cache_key", "stream_options",
               "client_metadata", "context_management", "conversation", "max_tool_calls", "prompt")  # fmt: skip


def response_question(wanted: ResponseRequest, earlier: list[Json]) -> Question:
    """Return the question that a request asks behind the `earlier` messages.

    Raises:
        RequestValidationError: it holds what is not served here.
    """
    system = [{"role": "system", "content": wanted.instructions}] if wanted.instructions else []
    said = _with_one_system([*system, *earlier, *_messages(wanted.input)])
    return question_with(wanted, said, _parameters(wanted))


async def earlier_messages(store: Store, desk: AttachmentDesk, response_id: str | None, *, owner: str) -> list[Json]:
    """Return all that was said up to the end of an earlier response.

    Raises:
        InvalidRequestError: there is none of that id, or it was not kept.
        OverloadedError: pictures in it are still being taken in.
    """
    if response_id is None:
        return []
    try:
        return await asyncio.to_thread(_branch, store, desk, response_id.removeprefix(ID), owner)
    except NotFoundError:
        raise InvalidRequestError("There is no response with the id in previous_response_id.") from None


def kept_turn(store: Store, turn_id: str, *, owner: str) -> tuple[StoredTurn, str, str]:
    """Return the turn of a response, and the ids of its conversation and of its answer.

    Raises:
        NotFoundError: there is none, or it was not kept, or it was taken back.
    """
    turn = store.turns.get(turn_id, owner=owner)
    if turn.conversation_id is None or turn.answer_message_id is None or turn.user_message_id is None:
        raise NotFoundError("The response was not kept.")
    return turn, turn.conversation_id, turn.answer_message_id


def answered(store: Store, turn_id: str, *, owner: str) -> tuple[StoredTurn, list[StoredMessage]]:
    """Return the turn of a response, and all that was said up to the end of its answer.

    Raises:
        NotFoundError: as `kept_turn`, or its conversation is deleted.
    """
    turn, conversation_id, answer_id = kept_turn(store, turn_id, owner=owner)
    branch = store.messages.whole_branch(conversation_id, owner=owner, branch=answer_id)
    end = [message.id for message in branch].index(answer_id) + 1
    return turn, branch[:end]


def _branch(store: Store, desk: AttachmentDesk, turn_id: str, owner: str) -> list[Json]:
    turn, branch = answered(store, turn_id, owner=owner)
    ids = {part.content_id for message in branch for part in _pictures_of(message) if part.content_id}
    found = _found(store, desk, ids, turn, owner)
    shown = {id_: image_part(picture) for id_, (_, picture) in found.items() if picture is not None}
    return [_wire(message, shown) for message in branch]


def _found(
    store: Store, desk: AttachmentDesk, ids: set[str], turn: StoredTurn, owner: str
) -> dict[str, tuple[str, bytes | None]]:
    """Return what models get of the files `ids`; those that came with the question of `turn` may still be taken in.

    Another process may be taking them in. Nobody knows of those that it could not keep, so for as long as it may take.
    """
    found = store.attachments.for_models(ids, owner=owner) if ids else {}
    if ids <= found.keys():
        return found
    if turn.process_id == this_process():
        if not desk.has_taken_in(owner):
            what = "Files of the earlier response are still being read."
            raise OverloadedError(what, hint="Ask again in a moment.", retry_after=1)
        return store.attachments.for_models(ids, owner=owner)
    until = (turn.finished_at or turn.created_at) + timedelta(seconds=WAIT_S)
    while not ids <= found.keys() and now() < until:
        time.sleep(LOOK_EVERY_S)
        found = store.attachments.for_models(ids, owner=owner)
    return found


def _pictures_of(message: StoredMessage) -> list[AttachmentPart]:
    """Return the pictures of a question, each once; no server takes those of another side."""
    files = [part for part in message.parts if isinstance(part, AttachmentPart) and message.role == "user"]
    return list({part.content_id: part for part in files}.values())


def _wire(message: StoredMessage, shown: Json) -> Json:
    """Return a message that is kept as a model server takes it, with the pictures that are `shown` by their ids.

    Of others only the name is kept.
    """
    parts = message.parts
    for part in parts:
        if isinstance(part, ToolResultPart):
            return {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
    told = [f"({part.name})" for part in parts if isinstance(part, AttachmentPart) and part.content_id not in shown]
    content: Any = "\n\n".join(filter(None, [*told, message.content]))
    if pictures := [shown[part.content_id] for part in _pictures_of(message) if part.content_id in shown]:
        content = [*([{"type": "text", "text": content}] if content else []), *pictures]
    wire: Json = {"role": message.role, "content": content}
    if calls := [part for part in parts if isinstance(part, ToolCallPart)]:
        wire["tool_calls"] = [_call(part.id, part.name, part.arguments) for part in calls]
    return wire


def _call(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _messages(given: str | list[Json]) -> list[Json]:
    """Return what is said in the field `input`. Calls belong to the answer before them."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages: list[Json] = []
    for number, item in enumerate(given):
        message = _message(item, number)
        last = messages[-1] if messages else {}
        if "tool_calls" in message and last.get("role") == "assistant":
            last.setdefault("tool_calls", []).extend(message["tool_calls"])
        elif message:
            messages.append(message)
    return messages


def _with_one_system(messages: list[Json]) -> list[Json]:
    """Return `messages` with those of the system that come first as one: templates of many models take no more."""
    first = list(takewhile(lambda message: message["role"] == "system", messages))
    if len(first) < 2 or not all(isinstance(message["content"], str) for message in first):  # noqa: PLR2004
        return messages
    told = "\n\n".join(message["content"] for message in first)
    return [{"role": "system", "content": told}, *messages[len(first) :]]


def _message(item: Json, number: int) -> Json:
    """Return one item of `input` as a message; empty for thoughts, which do not go back."""
    kind = item.get("type", "message")
    if kind == "message" and item.get("role") in _ROLES:
        role = "system" if item["role"] == "developer" else item["role"]  # which only OpenAI's models know
        return {"role": role, "content": _content(item.get("content"), number)}
    if kind in ("function_call", "custom_tool_call"):
        arguments = arguments_of(item.get("input")) if kind == "custom_tool_call" else str(item.get("arguments") or "")
        call = _call(str(item.get("call_id") or ""), function_name(item, item.get("namespace")), arguments)
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if kind in ("function_call_output", "custom_tool_call_output"):
        output = item.get("output")
        text = output if isinstance(output, str) else _content(output, number)
        return {"role": "tool", "tool_call_id": str(item.get("call_id") or ""), "content": text}
    if kind == "reasoning":
        return {}
    raise wrong_field("Must be a message, a function_call or a function_call_output", number, field="input")


def _content(content: Any, number: int) -> str | list[Json]:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise wrong_field("Must be a text or a list of parts", number, "content", field="input")
    return in_one_text(list(_parts(content)))


def _parts(content: list[Json]) -> Iterator[Json]:
    for part in content:
        kind = part.get("type")
        if kind in _TEXTS:
            yield {"type": "text", "text": str(part.get("text", part.get("refusal", "")))}
        elif kind == "input_image":
            detail = {"detail": part["detail"]} if part.get("detail") else {}
            yield {"type": "image_url", "image_url": {"url": str(part.get("image_url") or ""), **detail}}
        elif kind == "input_file":
            yield {"type": "file", "file": {name: it for name, it in part.items() if name != "type"}}
        else:
            yield part


def _parameters(wanted: ResponseRequest) -> Json:
    """Return what else is asked for, in the words of a chat completion."""
    parameters = wanted.passed_on(*_OURS, *_TRANSLATED, *_ONLY_THERE, *_ONLY_ELSEWHERE)
    if LOGPROBS in (wanted.include or ()):
        parameters["logprobs"] = True
    else:
        parameters.pop("top_logprobs", None)
    if wanted.max_output_tokens is not None:
        parameters["max_tokens"] = wanted.max_output_tokens
    if wanted.tools:
        parameters["tools"] = functions_of(wanted.tools)
    if wanted.tool_choice is not None:
        choice = wanted.tool_choice
        parameters["tool_choice"] = choice_of(choice) if isinstance(choice, dict) else choice
    if (effort := (wanted.reasoning or {}).get("effort")) is not None:
        parameters["reasoning_effort"] = effort
    form = (wanted.text or {}).get("format")
    if isinstance(form, dict) and form.get("type") == "json_schema":
        form = {"type": "json_schema", "json_schema": {name: it for name, it in form.items() if name != "type"}}
    if isinstance(form, dict) and form.get("type") != "text":
        parameters["response_format"] = form
    return parameters
