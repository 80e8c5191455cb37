"""Conversations as ChatGPT exports them: most programs that take in conversations read that.

Open WebUI 0.12.4, llm-memex 0.13.0, obsivault 0.2.0, chat-history 0.3.3 and chatgpt-to-sqlite 1.0.0 have read it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from chatapp.backend.store.imported import Lineage
from chatapp.backend.store.placing import OURS
from chatapp.backend.store.records import StoredMessage
from chatapp.backend.transfer.exporters.exported import Exported
from chatapp.backend.transfer.importers.attachments import placeholder
from chatapp.protocol.messages import AttachmentPart

_ROOT, _SYSTEM, _THOUGHTS = "client-created-root", "system-{}", "thoughts-{}"
_UNTOLD: dict[str, Any] = {"moderation_results": [], "plugin_ids": None, "conversation_template_id": None}
"""What some readers want to be there."""

_STATUS = {"complete": "finished_successfully", "stopped": "finished_partial_completion"}


def write(conversations: Iterable[Exported]) -> Iterator[bytes]:
    """Return a list of conversations with what was said and thought in every branch, a node a line."""
    comma = b"["
    for one in conversations:
        yield comma + b"\n"
        yield from _conversation(one)
        comma = b","
    yield b"\n]\n" if comma == b"," else b"[]\n"


def _conversation(one: Exported) -> Iterator[bytes]:
    conversation = one.conversation
    kept = {message.id: text for message in one.messages if (text := _text(message))}
    lineage = Lineage({message.id: message.parent_id for message in one.messages}, kept)
    nodes = list(_nodes(one, kept, lineage))
    children = defaultdict[str, list[str]](list)
    for node in nodes:
        children[node["parent"] or ""].append(node["id"])
    fields = {
        "id": conversation.id,
        "conversation_id": conversation.id,
        "conversation_origin": OURS,
        "title": conversation.title,
        "create_time": _seconds(conversation.created_at),
        "update_time": _seconds(conversation.updated_at),
        "is_starred": conversation.pinned,
        "is_archived": conversation.archived_at is not None,
        "current_node": lineage.nearest(conversation.leaf_id) or nodes[-1]["id"],
        **_UNTOLD,
    }
    yield _json(fields).removesuffix("}").encode() + b', "mapping": {'
    comma = "\n"
    for node in nodes:
        yield f"{comma}{_json(node['id'])}: {_json({**node, 'children': children[node['id']]})}".encode()
        comma = ",\n"
    yield b"\n}}"


def _nodes(one: Exported, kept: dict[str, str], lineage: Lineage) -> Iterator[dict[str, Any]]:
    """Return the nodes, parents first: the root, the instructions, and messages, each below what was thought for it."""
    top = _ROOT
    yield {"id": top, "parent": None, "message": None}
    if one.conversation.system:
        content = {"content_type": "user_editable_context", "user_instructions": one.conversation.system}
        above, top = top, _SYSTEM.format(one.conversation.id)
        yield _node(top, above, "system", content, one.conversation.created_at)
    for message in one.messages:
        if message.id not in kept:
            continue
        parent = lineage.above(message.id) or top
        if message.reasoning:
            thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "", "content": message.reasoning}]}
            above, parent = parent, _THOUGHTS.format(message.id)
            # of the assistant in theirs; but Open WebUI shows an empty answer for that, and nothing for a tool's
            yield _node(parent, above, "tool", thoughts, message.created_at)
        said = {"content_type": "text", "parts": [kept[message.id]]}
        yield _node(message.id, parent, message.role, said, message.created_at, **_made(message))


def _node(
    id_: str, parent: str, role: str, content: dict[str, Any], created_at: datetime, **made: Any
) -> dict[str, Any]:
    message = {
        "id": id_,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": _seconds(created_at),
        "content": content,
        "status": "finished_successfully",
        "weight": 1.0,
        "recipient": "all",
        "metadata": {},
    }
    return {"id": id_, "parent": parent, "message": message | made}


def _made(message: StoredMessage) -> dict[str, Any]:
    """Return how an answer was made; of a question nothing."""
    if message.role == "user":
        return {}
    metadata = {"model_slug": message.model} if message.model else {}
    cut = {"finish_details": {"type": "max_tokens"}} if message.finish_reason == "length" else {}
    return {"status": _STATUS.get(message.status, "in_progress"), "metadata": metadata | cut}


def _text(message: StoredMessage) -> str:
    """Return what a person or a model said, with a line for each file that stays behind."""
    if message.role not in {"user", "assistant"}:
        return ""
    files = [placeholder(part) for part in message.parts if isinstance(part, AttachmentPart)]
    return "\n\n".join(filter(None, (*files, message.content)))


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
