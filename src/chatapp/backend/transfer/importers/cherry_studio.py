"""A backup of Cherry Studio: topics whose messages name blocks, and the names of the topics in another store."""

from collections.abc import Iterator

from chatapp.backend.transfer.importers.fields import Json, decoded, fenced, mapping, name, objects, sequence, string

_STATE = "persist:cherry-studio"
_BESIDE = {"translation", "citation", "error", "unknown", "compact"}
"""Blocks that are no part of what was said."""


def topics(backup: Json) -> Iterator[Json]:
    """Return the topics in which there are messages, these in `messages` and the blocks of each in `content`."""
    stores = mapping(backup.get("indexedDB"))
    blocks = {name(block.get("id")): block for block in objects(stores.get("message_blocks"))}
    known = dict(_named(mapping(backup.get("localStorage")).get(_STATE)))
    for topic in objects(stores.get("topics")):
        topic_id = name(topic.get("id"))
        messages = [_message(said, blocks) for said in objects(topic.get("messages"))]
        if messages:
            yield {**known.get(topic_id, {}), "topicId": topic_id, "messages": messages}


def parents(topic: Json) -> dict[str, str | None]:
    """Return what each message of a topic stands below: answers of several models below what they answer."""
    said_by = {name(said.get("id")): said for said in objects(topic.get("messages"))}
    above: dict[str, str | None] = {}
    before: str | None = None
    for message_id, said in said_by.items():
        if message_id is None:
            continue
        asked = name(said.get("askId"))
        is_answer = asked in above
        is_beside = is_answer and before is not None and above[before] == asked
        above[message_id] = asked if is_answer else before
        if not (is_beside and _is_chosen(said_by[before])):
            before = message_id
    return above


def _is_chosen(answer: Json) -> bool:
    """Return whether of several answers this is the one that the conversation goes on from."""
    return answer.get("foldSelected") is True or answer.get("useful") is True


def _named(state: object) -> Iterator[tuple[str | None, Json]]:
    """Return what is known of each topic: its name, and what its assistant is told."""
    kept = mapping(decoded(mapping(decoded(state)).get("assistants")))
    for assistant in (*objects(kept.get("assistants")), mapping(kept.get("defaultAssistant"))):
        for topic in objects(assistant.get("topics")):
            told = {"id": topic.get("id"), "title": topic.get("name"), "starred": topic.get("pinned")}
            times = {"createdAt": topic.get("createdAt"), "updatedAt": topic.get("updatedAt")}
            yield name(topic.get("id")), {**told, **times, "prompt": topic.get("prompt") or assistant.get("prompt")}


def _message(said: Json, blocks: dict[str | None, Json]) -> Json:
    """Return a message with what is in its blocks, which are taken: each is of one message, once."""
    model, is_cut = mapping(said.get("model")), said.get("status") == "paused"
    told = {**said, "model": model.get("id") or said.get("modelId"), "interrupted": is_cut}
    if not said.get("blocks"):  # as before May 2025
        return told
    parts = [_part(blocks.pop(name(block_id), {})) for block_id in sequence(said["blocks"])]
    return {**told, "content": [part for part in parts if part]}


def _part(block: Json) -> Json:
    kind, text = string(block.get("type")), string(block.get("content"))
    if kind == "code":
        return {"type": "text", "text": fenced(text, string(block.get("language")))}
    file = mapping(block.get("file"))
    return {} if kind in _BESIDE else {**block, "filename": file.get("origin_name") or file.get("name")}
