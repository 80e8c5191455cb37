"""Chats of SillyTavern: a head, and a line for each message, in which its other versions stand as swipes."""

import re
from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from chatapp.backend.store.imported import HIDDEN, ImportedConversation, ImportedMessage, thought_for
from chatapp.backend.transfer.importers.fields import (
    Json,
    count,
    digest,
    mapping,
    name,
    objects,
    sequence,
    string,
    time,
)

SOURCE = "sillytavern"

_SENT = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) ?@ ?([0-9]{1,2})h ?([0-9]{1,2})m ?([0-9]{1,2})s")
_SENT_IN_WORDS = "%B %d, %Y %I:%M%p"
"""How times were written before 2024, and in 2023, in the time of the machine; as UTC they are off by hours."""
_STORY = ("", "narrator")
"""Kinds of lines of the program's own that are part of what is told; one without a kind was hidden from the model."""

_LONGEST_NAME = 200
"""Of who speaks, before each version of what is said."""


def is_line(fields: Json) -> bool:
    """Return whether this is a line or the head of a chat."""
    return {"is_user", "mes"} <= fields.keys() or {"user_name", "character_name"} <= fields.keys()


def read(lines: list[Json]) -> ImportedConversation:
    """Return a chat; it goes on from the version of each message that is shown."""
    head = next((line for line in lines if "mes" not in line), {})
    told = [line for line in lines if "mes" in line]
    messages: list[ImportedMessage] = []
    left_out: Counter[str] = Counter()
    speakers = {string(line.get("name")) for line in told if not line.get("is_user") and not line.get("is_system")}
    above: str | None = None
    for line in told:
        if line.get("is_system") and string(mapping(line.get("extra")).get("type")) not in _STORY:
            left_out[HIDDEN] += 1
            continue
        by = f"{string(line.get('name'))[:_LONGEST_NAME]}: " if len(speakers) > 1 and not line.get("is_user") else ""
        versions = [version for version in _versions(line, above, by) if version.content.strip()]
        if versions:
            shown = string(line.get("mes"))
            above = next((it.id for it in versions if it.content == f"{by}{shown}"), versions[0].id)
            messages += {it.id: it for it in versions}.values()
    begun = string(head.get("create_date"))
    return ImportedConversation(
        source=SOURCE,
        id=name(mapping(head.get("chat_metadata")).get("integrity")) or begun or (messages[0].id if messages else ""),
        title=", ".join(sorted(speakers - {""})) or None,
        messages=messages,
        leaf_id=above,
        created_at=_sent(begun),
        left_out=left_out,
    )


def _versions(line: Json, above: str | None, by: str) -> Iterator[ImportedMessage]:
    texts, infos = sequence(line.get("swipes")), objects(line.get("swipe_info"))
    shown = string(line.get("mes"))
    for number, text in enumerate(texts):
        if string(text) != shown:
            about = ChainMap(infos[number], line) if number < len(infos) else line
            yield _message(about, string(text), above, by)
    yield _message(line, shown, above, by)


def _message(line: Mapping[str, Any], text: str, above: str | None, by: str) -> ImportedMessage:
    """Return a message, named by all that leads to it: a copy of a chat goes on beside it where it differs."""
    is_answer, extra = not line.get("is_user"), mapping(line.get("extra"))
    return ImportedMessage(
        id=digest(f"{above}\0{is_answer}\0{text}"),
        parent_id=above,
        role="assistant" if is_answer else "user",
        content=f"{by}{text}" if text.strip() else "",
        reasoning=string(extra.get("reasoning")) if is_answer else "",
        model=string(extra.get("model")) or None if is_answer else None,
        completion_tokens=count(extra.get("token_count")) if is_answer else None,
        created_at=_sent(line.get("send_date")),
        turn=thought_for(count(extra.get("reasoning_duration"))) if is_answer else None,
    )


def _sent(value: object) -> datetime | None:
    told: datetime | None = time(value)
    if told is None and isinstance(value, str):
        with suppress(ValueError):
            if written := _SENT.match(value):
                told = time("{}-{:0>2}-{:0>2}T{:0>2}:{:0>2}:{:0>2}".format(*written.groups()))
            else:
                told = time(datetime.strptime(value, _SENT_IN_WORDS).isoformat())
    return told
