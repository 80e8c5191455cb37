"""DeepSeek's export: ChatGPT's `mapping`, with messages of `fragments`: REQUEST, THINK, RESPONSE, SEARCH."""

import re
from collections import Counter

from chatapp.backend.store.imported import ATTACHMENT, TOOL, ImportedConversation, ImportedMessage, Lineage
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.fields import (
    Json,
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

SOURCE = "deepseek"

_CITED = "[citation:"
_CITATION = re.compile(r"\[citation:([0-9]{1,4})\]")
_KNOWN = ("REQUEST", "THINK", "RESPONSE")


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return isinstance(fields.get("mapping"), dict) and "inserted_at" in fields


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    nodes = {node_id: mapping(node) for node_id, node in theirs["mapping"].items()}
    messages: dict[str, ImportedMessage] = {}
    for node_id, node in nodes.items():
        above = messages.get(name(node.get("parent")) or "")
        follows_question = above is not None and above.role == "user" and bool(above.content)
        messages[node_id] = _message(node_id, mapping(node.get("message")), follows_question=follows_question)
    kept = {node_id: message for node_id, message in messages.items() if message.content}
    lineage = Lineage({node_id: name(node.get("parent")) for node_id, node in nodes.items()}, kept)
    left_out = sum((_left_out(mapping(node.get("message"))) for node in nodes.values()), Counter[str]())
    return ImportedConversation(
        source=SOURCE,
        id=name(theirs.get("id")) or next(iter(nodes), ""),
        title=string(theirs.get("title")) or None,
        messages=lineage.placed(kept.values()),
        created_at=time(theirs.get("inserted_at")),
        updated_at=time(theirs.get("updated_at")),
        left_out=+left_out,
    )


def _message(node_id: str, message: Json, *, follows_question: bool) -> ImportedMessage:
    """Return a message. Exports of early 2025 have no fragments, and do not say who speaks: the sides take turns."""
    said, answer, thought = _of(message, "REQUEST"), _of(message, "RESPONSE"), _of(message, "THINK")
    is_answer = not said
    if not objects(message.get("fragments")):
        thought, is_answer = string(message.get("reasoning_content")), follows_question
        said = answer = string(message.get("content"))
    files = tuple(attachment(file.get("file_name") or file.get("name")) for file in objects(message.get("files")))
    return ImportedMessage(
        id=node_id,
        role="assistant" if is_answer else "user",
        content=paragraphs(*map(placeholder, files), _with_links(answer, message) if is_answer else said),
        reasoning=thought,
        model=string(message.get("model")) or None if is_answer else None,
        created_at=time(message.get("inserted_at")),
        attachments=files,
    )


def _of(message: Json, kind: str) -> str:
    fragments = objects(message.get("fragments"))
    return paragraphs(*(string(fragment.get("content")) for fragment in fragments if _is(fragment, kind)))


def _is(fragment: Json, *kinds: str) -> bool:
    """Return whether a fragment is of a kind; answers from a template are a kind of answers."""
    return string(fragment.get("type")).endswith(kinds)


def _with_links(text: str, message: Json) -> str:
    """Return `text` with its marks for what was found as links, or without those that nothing is known of."""
    if _CITED not in text:
        return text
    found = [*sequence(message.get("search_results"))]
    found += [it for fragment in objects(message.get("fragments")) for it in sequence(fragment.get("results"))]
    pages = {str(page.get("cite_index")): page for page in objects(found) if is_address(page.get("url"))}
    links = {number: f" ({link(page.get('title'), page['url'])})" for number, page in pages.items()}
    return _CITATION.sub(lambda mark: links.get(mark[1], ""), text)


def _left_out(message: Json) -> Counter[str]:
    return Counter(
        {
            ATTACHMENT: len(objects(message.get("files"))),
            TOOL: sum(not _is(fragment, *_KNOWN) for fragment in objects(message.get("fragments"))),
        }
    )
