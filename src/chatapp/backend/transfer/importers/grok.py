"""Grok's export, `prod-grok-backend.json`: a `conversation` beside its `responses`, times as MongoDB writes them."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chatapp.backend.store.imported import ATTACHMENT, ImportedConversation, ImportedMessage, Lineage
from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder
from chatapp.backend.transfer.importers.claude_artifacts import parted, written
from chatapp.backend.transfer.importers.fields import (
    Json,
    decoded,
    is_address,
    link,
    mapping,
    name,
    objects,
    paragraphs,
    sequence,
    string,
    time,
)
from chatapp.backend.transfer.importers.joining import or_in_line

SOURCE = "grok"

_CARD, _CARD_END = "<grok:render", "</grok:render>"
_CARD_ID = re.compile(r'card_id="([^"]{1,100}+)"')
_ARTIFACT, _ARTIFACT_END = "<xaiArtifact ", "</xaiArtifact>"
_ATTRIBUTE = re.compile(r'\b(title|contentType)="([^"]*+)"')


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return isinstance(fields.get("conversation"), dict) and isinstance(fields.get("responses"), list)


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    about = mapping(theirs["conversation"])
    responses = [mapping(item.get("response")) or item for item in objects(theirs["responses"])]
    by_id = {name(response.get("_id")) or f"message {number}": response for number, response in enumerate(responses)}
    parents = {message_id: name(response.get("parent_response_id")) for message_id, response in by_id.items()}
    messages = {message_id: _message(message_id, response) for message_id, response in by_id.items()}
    kept = {message_id: message for message_id, message in messages.items() if message.content}
    lineage = Lineage(or_in_line(parents), kept)
    return ImportedConversation(
        source=SOURCE,
        id=name(about.get("id")) or next(iter(by_id), ""),
        title=string(about.get("title")) or None,
        messages=lineage.placed(kept.values()),
        leaf_id=lineage.nearest(name(about.get("leaf_response_id"))),
        is_pinned=bool(about.get("starred")),
        created_at=time(about.get("create_time")),
        updated_at=time(about.get("modify_time")),
        left_out=+Counter({ATTACHMENT: sum(len(message.attachments) for message in messages.values())}),
    )


def _message(message_id: str, response: Json) -> ImportedMessage:
    is_answer = string(response.get("sender")).lower() != "human"
    files = [attachment(reference=beside(key)) for key in sequence(response.get("file_attachments"))]
    files += [picture() for _ in sequence(response.get("generated_image_urls"))]
    return ImportedMessage(
        id=message_id,
        role="assistant" if is_answer else "user",
        content=paragraphs(*map(placeholder, files), _shown(response)),
        reasoning=string(response.get("thinking_trace")) if is_answer else "",
        model=string(response.get("model")) or None if is_answer else None,
        created_at=_moment(response.get("create_time")),
        attachments=tuple(files),
    )


def _shown(response: Json) -> str:
    """Return what is said: cards as links to the pages that the export names, what was written beside it as code."""
    links = dict(_links(response))
    kept = []
    for outside, card in parted(string(response.get("message")), _CARD, _CARD_END):
        known = _CARD_ID.search(card)
        kept += [outside, links.get(known[1], "") if known else ""]
    shown = []
    for outside, inside in parted("".join(kept), _ARTIFACT, _ARTIFACT_END):
        head, _, content = inside.partition(">")
        told = dict(_ATTRIBUTE.findall(head))
        kind = told.get("contentType", "")
        call = {"title": told.get("title"), "type": kind, "language": kind.partition("/")[2], "content": content}
        shown += [outside, written(call)]
    return paragraphs(*shown)


def _links(response: Json) -> Iterator[tuple[str, str]]:
    """Return the link for each card of which the export says where it leads."""
    for card in map(mapping, map(decoded, sequence(response.get("card_attachments_json")))):
        if is_address(card.get("url")):
            yield string(card.get("id")), f" ({link(card.get('title'), card['url'])})"


def _moment(value: object) -> Any:
    """Return a time that may be wrapped: `{"$date": {"$numberLong": "1780000000000"}}`."""
    for key in ("$date", "$numberLong"):
        if isinstance(value, dict):
            value = value.get(key)
    return time(value)
