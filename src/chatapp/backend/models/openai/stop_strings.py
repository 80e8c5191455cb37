"""The end of an answer where the question wants it, for servers that write the stop string into the text or go on."""

from collections.abc import Iterable


class StopStrings:
    """Cuts text at the first of the strings. What may become one is held back until it is known."""

    def __init__(self, strings: Iterable[str]) -> None:
        self._strings = [string for string in strings if string]
        self._held = ""
        self.is_found = False

    def __bool__(self) -> bool:
        return bool(self._strings)

    def feed(self, text: str) -> str:
        """Return how much more of the text there is; nothing once a string was found."""
        if self.is_found:
            return ""
        text, self._held = self._held + text, ""
        if places := [place for string in self._strings if (place := text.find(string)) >= 0]:
            self.is_found = True
            return text[: min(places)]
        size = max(map(self._size_of_beginning, [text] * len(self._strings), self._strings))
        self._held = text[len(text) - size :]
        return text[: len(text) - size]

    def end(self) -> str:
        """Return what was held back: no string came of it."""
        text, self._held = self._held, ""
        return text

    @staticmethod
    def _size_of_beginning(text: str, string: str) -> int:
        longest = min(len(string) - 1, len(text))
        return next((size for size in range(longest, 0, -1) if string.startswith(text[len(text) - size :])), 0)
