"""What the page says, in the language of the session that runs now: `t("New chat")`.

`t` is all that a string on the page needs: `t("Hello, {name}", name=name)`, or with a number
`t("{count} page", plural="{count} pages", count=count)`. What stands in a table is marked there with `later`.
"""

from functools import cache
from weakref import WeakValueDictionary

from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatapp.frontend.languages.elsewhere import said_elsewhere
from chatapp.frontend.languages.language import DEFAULT, Language, languages


class Visitor:
    """Who sees what a session shows, and in which language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        context = get_script_run_ctx(suppress_warning=True)
        if context is not None:
            _visitors()[context.session_id] = self


@cache
def _visitors() -> WeakValueDictionary[str, Visitor]:
    """Return the visitors by the ids of their sessions, each as long as its session holds it."""
    return WeakValueDictionary()


def words() -> Language:
    """Return the language of the session that runs now, English where none does."""
    context = get_script_run_ctx(suppress_warning=True)
    visitor = _visitors().get(context.session_id) if context is not None else None
    return visitor.language if visitor is not None else languages()[DEFAULT]


def figures(number: str) -> str:
    """Return a number, written as in English, as that language writes it."""
    return words().figures(number)


def said(*sentences: str | None) -> str:
    """Return sentences of the backend or of another room in that language, as far as they can be known beforehand."""
    return " ".join(said_elsewhere(sentence, words()) for sentence in sentences if sentence)


def t(message: str, /, *, plural: str = "", **values: object) -> str:
    """Return `message` in the language of the session that runs now; see `Words`."""
    return words()(message, plural=plural, **values)
