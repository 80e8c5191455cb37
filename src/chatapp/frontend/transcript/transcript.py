"""What one session's browser is told of the finished messages: which there are, and the HTML that it does not have."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

from chatapp.errors import ChatappError
from chatapp.frontend.conversations.differences import difference
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.transcript.article import Article
from chatapp.frontend.transcript.request_code import Language, RequestOptions, request_code
from chatapp.protocol.wording import ENGLISH, Words

MOST_SENT = 12
_MOST_SENT_CHARS = 100_000
"""How much HTML goes along with the news that there are messages; the rest is fetched when it comes into view."""

_MOST_LEFT = 3
"""How many answers are told of that are no longer shown as being made: the browser may ask when a short one is over."""

_MOST_KNOWN = 2000
"""How many messages the browser is taken to have the HTML of; it keeps more, and fetches what it lacks after all."""


class Transcript:
    """The finished messages that a session shows. Each has a key, which changes with anything that is shown of it.

    `token` is what its browser shows for it, and nobody else knows. `options` are how questions are asked, `opened` is
    the browser's name for its last wish to show another conversation, `words` are its reader's. `fetch_picture` fetches
    the small copy of a file's picture by its id.
    """

    options = RequestOptions()
    opened = ""
    words: Words = ENGLISH
    fetch_picture: Callable[[str], bytes] | None = None

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.token = secrets.token_urlsafe(24)
        self._name = ""
        self._shown: tuple[str, dict[str, Article]] = ("", {})  # in one, since it is read from other threads
        self._given: set[str] = set()
        self._live: tuple[LiveAnswer, ...] = ()
        self._left: tuple[LiveAnswer, ...] = ()

    @property
    def _articles(self) -> dict[str, Article]:
        """The messages that are shown, by their keys."""
        return self._shown[1]

    @property
    def live(self) -> tuple[LiveAnswer, ...]:
        """The answers that are being made."""
        return self._live

    @live.setter
    def live(self, answers: tuple[LiveAnswer, ...]) -> None:
        left = tuple(answer for answer in self._live if answer not in answers)
        self._left, self._live = (*self._left, *left)[-_MOST_LEFT:], answers

    def answer(self, name: str) -> LiveAnswer | None:
        """Return an answer that is being made, or was until a moment ago."""
        return next((answer for answer in (*self._live, *self._left) if answer.name == name), None)

    def show(self, name: str, articles: Sequence[Article]) -> dict[str, Any]:
        """Show the messages of a conversation; return what the browser is to be told, which is little if it knows them.

        `name` tells the conversation from others. The list of keys is told as what lies between the first and the last
        ones of the list before, which goes by `base`.
        """
        base, before = self._shown
        known = {article.entry.id: (article, key) for key, article in before.items()}
        keys = [_key(article, known) for article in articles]
        version = _version(name, keys)
        if name != self._name:
            self._name, base, before = name, "", {}
        self._shown = version, dict(zip(keys, articles, strict=True))
        news = difference(list(before), keys)
        places = {"head": news.head, "keys": news.between, "tail": news.tail}
        return {"token": self.token, "version": version, "base": base, **places, "bodies": self._fresh()}

    def key_of(self, message_id: str) -> str | None:
        """Return the key of a message, None if it is not shown."""
        return next((key for key, article in self._articles.items() if article.entry.id == message_id), None)

    def code(self, message_id: str, language: Language) -> str | None:
        """Return code that asks for an answer again; None if it is not shown."""
        entries = (
            next((one for one in article.beside if one.id == message_id), article.entry)
            for article in self._articles.values()
        )
        return request_code(entries, message_id, self.options, language)

    def picture(self, file_id: str) -> bytes | None:
        """Return the small copy of a picture; None if it is not shown, or cannot be had now."""
        is_shown = any(file.id == file_id for article in self._articles.values() for file in article.entry.files)
        if not is_shown or self.fetch_picture is None:
            return None
        try:
            return self.fetch_picture(file_id)
        except ChatappError:
            return None

    def listing(self) -> dict[str, Any]:
        """Return the whole list, for a browser that has lost it."""
        version, articles = self._shown
        return {"version": version, "keys": list(articles)}

    def bodies(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the HTML of messages that are shown; without those that are not any more."""
        articles = self._articles
        return {key: articles[key].html() for key in keys if key in articles}

    def _fresh(self) -> dict[str, str]:
        """Return the HTML of the last messages, as far as it has not been sent."""
        articles, chars = self._articles, 0
        sent: dict[str, str] = {}
        for key in reversed(list(articles)[-MOST_SENT:]):
            if key in self._given:
                continue
            sent[key] = articles[key].html()
            chars += len(sent[key])
            if chars > _MOST_SENT_CHARS:
                break
        known = self._given if len(self._given) < _MOST_KNOWN else self._given.intersection(articles)
        self._given = known.union(sent)
        return sent


def _key(article: Article, known: dict[str, tuple[Article, str]]) -> str:
    """Return what stands for all that is shown of a message; an article that is known has one already."""
    before = known.get(article.entry.id)
    if before is not None and before[0].entry is article.entry and before[0][1:] == article[1:]:
        return before[1]
    return _short(repr(article))


def _version(name: str, keys: Sequence[str]) -> str:
    return _short("".join((name, *keys)))


def _short(text: str) -> str:
    return urlsafe_b64encode(blake2b(text.encode(errors="surrogatepass"), digest_size=9).digest()).decode()
