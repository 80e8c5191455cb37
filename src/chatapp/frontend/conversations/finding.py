"""The places in a conversation at which words stand that were looked for."""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from chatapp.client import BackendClient

_PAGE = 200
_COUNTED_PAGES = 5
_BETWEEN = re.compile(r'[\s"*]+')


class HitPlace(NamedTuple):
    """Which of how many hits it is, from the oldest on."""

    number: int
    total: int


def hit_beside(
    client: BackendClient, conversation_id: str, message_id: str, words: str, *, is_earlier: bool
) -> str | None:
    """Return the id of the nearest message before or behind another that holds all of `words`; None if there is none.

    Raises:
        ChatappError: the backend cannot tell.
    """
    later = None
    hits = _hits(client, conversation_id, words, beside=message_id)
    for hit in hits:
        if hit == message_id:
            return next(hits, None) if is_earlier else later
        later = hit
    return None


def place_of_hit(client: BackendClient, conversation_id: str, message_id: str, words: str) -> HitPlace | None:
    """Return where a message is among those that hold all of `words`; None in a conversation too long to be counted.

    Raises:
        ChatappError: the backend cannot tell.
    """
    try:
        hits = list(_hits(client, conversation_id, words, beside=message_id, pages=_COUNTED_PAGES))
    except OverflowError:
        return None
    return HitPlace(len(hits) - hits.index(message_id), len(hits)) if message_id in hits else None


def _hits(
    client: BackendClient, conversation_id: str, words: str, *, beside: str, pages: int | None = None
) -> Iterator[str]:
    """Yield the messages of the branch on show that hold all of `words`, and `beside` at its place, newest first.

    Raises:
        OverflowError: there are more than so many pages of messages.
    """
    wanted = [word for word in _BETWEEN.split(words.casefold()) if word]
    before = None
    for count in itertools.count(1):
        if pages is not None and count > pages:
            raise OverflowError
        page = client.conversations.messages(conversation_id, before=before, limit=_PAGE)
        for message in reversed(page.items):
            text = message.content.casefold()
            is_shown = message.role in {"user", "assistant"}
            if message.id == beside or (is_shown and all(word in text for word in wanted)):
                yield message.id
        before = page.next
        if before is None:
            return
