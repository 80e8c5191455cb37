"""Sentences for people: in English as they are written, or in the words of a language that their reader has chosen."""

from string import Formatter
from typing import Any


class Words(Formatter):
    """The words of a language; these are English."""

    def __call__(self, message: str, /, *, plural: str = "", **values: object) -> str:
        """Return `message` in these words, with `values` in its places, which have names: `{name}`.

        Where there is a `plural`, `count` among the values decides between the two. Numbers are written as the language
        writes them, whole ones grouped.
        """
        found = self.found(message, plural=plural, count=values.get("count"))
        return self.vformat(found, (), values) if values else found

    def found(self, message: str, *, plural: str, count: object) -> str:
        """Return what stands for a sentence, its places still empty."""
        return plural if plural and count != 1 else message

    def figures(self, number: str) -> str:
        """Return a number, written as in English, as the language writes it."""
        return number

    def isolated(self, text: str) -> str:
        """Return a text that runs as its own letters do, whichever way the language runs."""
        return text

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return what comes into a place."""
        is_count = isinstance(value, int) and not isinstance(value, bool)
        shown = format(value, format_spec or ("," if is_count else ""))
        return self.figures(shown) if isinstance(value, int | float) else shown

    def __repr__(self) -> str:
        """Return what tells these words from others."""
        return type(self).__name__


ENGLISH = Words()


def later(message: str) -> str:
    """Return `message` as it is: one of a table, which is put into other words where it is shown."""
    return message
