"""The HTML of texts, made once for all tabs that show them; the least recently used is forgotten first."""

from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from threading import Lock

from chatapp.rendering.markdown import html_of

MAX_CHARS = 16_000_000


class HtmlCache:
    """Texts with their HTML, up to `max_chars` of it."""

    def __init__(self, render: Callable[[str], str], *, max_chars: int = MAX_CHARS) -> None:
        self._render = render
        self._max_chars = max_chars
        self._made: OrderedDict[bytes, str] = OrderedDict()
        self._chars = 0
        self._lock = Lock()

    def html(self, text: str) -> str:
        """Return the HTML of `text`."""
        key = _key(text)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = self._render(text)
        with self._lock:
            self._keep(key, made)
        return made

    def keep(self, text: str, html: str) -> None:
        """Keep the HTML of `text`, which was made elsewhere."""
        with self._lock:
            self._keep(_key(text), html)

    def _keep(self, key: bytes, made: str) -> None:
        if key in self._made:
            return
        self._made[key] = made
        self._chars += len(made)
        while self._chars > self._max_chars:
            _, forgotten = self._made.popitem(last=False)
            self._chars -= len(forgotten)


def _key(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


@cache
def _shared() -> HtmlCache:
    return HtmlCache(lambda text: html_of(text, is_live=True))


def message_html(text: str) -> str:
    """Return the Markdown of a message as HTML."""
    return _shared().html(text)


def keep_message_html(text: str, html: str) -> None:
    """Keep the HTML of the Markdown of a message, as it was made while the message grew."""
    _shared().keep(text, html)
