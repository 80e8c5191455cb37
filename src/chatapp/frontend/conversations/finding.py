"""The places in a conversation at which words stand that were looked for."""

import re
from collections.abc import Iterator

from chatapp.client import BackendClient

_PAGE = 200
_BETWEEN = re.compile(r'[\s"*]+')


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


def _hits(client: BackendClient, conversation_id: str, words: str, *, beside: str) -> Iterator[str]:
    """Yield the messages of the branch on show that hold all of `words`, and `beside` at its place, newest first."""
    wanted = [word for word in _BETWEEN.split(words.casefold()) if word]
    before = None
    while True:
        page = client.conversations.messages(conversation_id, before=before, limit=_PAGE)
        for message in reversed(page.items):
            text = message.content.casefold()
            is_shown = message.role in {"user", "assistant"}
            if message.id == beside or (is_shown and all(word in text for word in wanted)):
                yield message.id
        before = page.next
        if before is None:
            return
