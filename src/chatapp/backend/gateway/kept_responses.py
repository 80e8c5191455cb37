"""Responses that were kept: read again, what they answered, taken back, and their items named in later ones.

https://platform.openai.com/docs/api-reference/responses/get
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, TypeVar

from chatapp.backend.api.dependencies import possible
from chatapp.backend.gateway.chat_requests import wrong_field
from chatapp.backend.gateway.response_answers import whole_response
from chatapp.backend.gateway.response_requests import ID, answered, kept_turn
from chatapp.backend.gateway.schemas import Json, ResponseRequest
from chatapp.backend.store import Store, StoredMessage, StoredTurn
from chatapp.backend.turns.remote import RemoteTurn
from chatapp.errors import NotFoundError
from chatapp.protocol.messages import AttachmentPart, ToolCallPart, ToolResultPart

T = TypeVar("T")
Input = str | list[Json]

_REFERENCE = "item_reference"
_UNKNOWN = "No item of this id was kept: send the item itself"


class KeptResponses:
    """The responses of `owner` that were kept, by their ids.

    Each raises `NotFoundError` where there is none of that id, or it was not kept, is deleted, or is somebody else's.
    """

    def __init__(self, store: Store, *, owner: str) -> None:
        self._store = store
        self._owner = owner

    async def get(self, response_id: str) -> Json:
        """Return a response as far as it is: what it called are functions, as its tools are not kept."""
        turn = await self._found(response_id, self._turn)
        answer = RemoteTurn(turn, self._store, owner=self._owner)
        wanted = ResponseRequest.model_validate({"input": ""})  # how it was asked for is not kept
        response = whole_response(answer, wanted)
        return {**response, "status": "cancelled"} if turn.status == "stopped" else response

    async def items(self, response_id: str, *, order: Literal["asc", "desc"], after: str | None, limit: int) -> Json:
        """Return what was said before a response, with all before that: some of it, in `order` behind the item `after`.

        Of pictures and files there is the name.
        """
        _, said = await self._found(response_id, partial(answered, self._store, owner=self._owner))
        items = [item for message in said[:-1] for item in _items(message)]
        if order == "desc":
            items.reverse()
        begin = next((place for place, item in enumerate(items, 1) if item["id"] == after), 0)
        shown = items[begin : begin + limit]
        first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
        has_more = len(items) > begin + limit
        return {"object": "list", "data": shown, "first_id": first, "last_id": last, "has_more": has_more}

    async def delete(self, response_id: str) -> Json:
        """Take a response back.

        Raises:
            TurnActiveError: it is still being made.
        """
        await self._found(response_id, partial(self._store.turns.take_back, owner=self._owner))
        return {"id": response_id, "object": "response", "deleted": True}

    def _turn(self, turn_id: str) -> StoredTurn:
        turn, conversation_id, _ = kept_turn(self._store, turn_id, owner=self._owner)
        self._store.conversations.get(conversation_id, owner=self._owner)  # unless it is deleted
        return turn

    async def _found(self, response_id: str, find: Callable[[str], T]) -> T:
        """Return what `find` gives for the turn of a response."""
        try:
            return await asyncio.to_thread(find, response_id.removeprefix(ID))
        except NotFoundError:
            raise NotFoundError(f"Response with id '{response_id[:80]}' not found.") from None


def _items(message: StoredMessage) -> Iterator[Json]:
    """Return a message as items, those of an answer with the ids that they had."""
    results = [part for part in message.parts if isinstance(part, ToolResultPart)]
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    answer_id, whole = message.turn_id or message.id, {"status": "completed"}
    for number, result in enumerate(results):
        told = {"call_id": result.call_id, "output": result.text}
        yield {"type": "function_call_output", "id": f"fco_{message.id}_{number}", **told, **whole}
    if content := _said(message):
        yield {"type": "message", "id": f"msg_{answer_id}_0", "role": message.role, "content": content, **whole}
    for number, call in enumerate(calls):
        told = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        yield {"type": "function_call", "id": f"fc_{answer_id}_{number}", **told, **whole}


def _said(message: StoredMessage) -> list[Json]:
    """Return what was said in a message, before it the names of files that came along."""
    if message.role == "assistant":
        said = {"type": "output_text", "text": message.content, "annotations": []}
        return [said] if message.content else []
    names = [f"({part.name})" for part in message.parts if isinstance(part, AttachmentPart)]
    texts = filter(None, [*names, "" if message.role == "tool" else message.content])
    return [{"type": "input_text", "text": text} for text in texts]


async def with_named_items(store: Store, given: Input, *, owner: str) -> Input:
    """Return the field `input` with the items that it names.

    Raises:
        RequestValidationError: one of them was not kept.
    """
    if isinstance(given, str) or not any(item.get("type") == _REFERENCE for item in given):
        return given
    return await asyncio.to_thread(_with_named_items, store, given, owner)


def _with_named_items(store: Store, given: list[Json], owner: str) -> list[Json]:
    answers = _KeptAnswers(store, owner)
    items: list[Json] = []
    for number, item in enumerate(given):
        try:
            items.append(answers.item(str(item.get("id"))) if item.get("type") == _REFERENCE else item)
        except (LookupError, ValueError, NotFoundError):
            raise wrong_field(_UNKNOWN, number, field="input") from None
    return items


class _KeptAnswers:
    """The answers of a conversation, which is read once for all of them."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self._owner = owner
        self._by_turn: dict[str, StoredMessage] = {}

    def item(self, item_id: str) -> Json:
        """Return an item of an answer by its id, which says its kind, its turn, and its place among those of its kind.

        Raises:
            LookupError, ValueError, NotFoundError: it was not kept.
        """
        kind, turn_id, place = item_id.split("_")
        answer = self._answer(possible(turn_id))
        if kind == "msg" and place == "0":
            return {"role": "assistant", "content": answer.content}
        if kind == "fc":
            call = [part for part in answer.parts if isinstance(part, ToolCallPart)][int(place)]
            return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
        return {"type": "reasoning"}  # which does not go back, nor a text twice

    def _answer(self, turn_id: str) -> StoredMessage:
        if turn_id not in self._by_turn:
            _, conversation_id, _ = kept_turn(self._store, turn_id, owner=self._owner)
            said = self._store.messages.all(conversation_id, owner=self._owner)
            self._by_turn |= {message.turn_id: message for message in said if message.turn_id}
        return self._by_turn[turn_id]
