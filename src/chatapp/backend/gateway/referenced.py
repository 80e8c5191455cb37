"""Items of a response that a client names where it could send them again, as the AI SDK does.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

import asyncio
from typing import Any

from chatapp.backend.api.dependencies import possible
from chatapp.backend.gateway.chat_requests import wrong_field
from chatapp.backend.gateway.response_requests import kept_turn
from chatapp.backend.store import Store, StoredMessage
from chatapp.errors import NotFoundError
from chatapp.protocol.messages import ToolCallPart

Json = dict[str, Any]
Input = str | list[Json]

_REFERENCE = "item_reference"
_UNKNOWN = "No item of this id was kept: send the item itself"


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
