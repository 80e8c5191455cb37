"""The languages there are, and what each says for the English words in the code."""

from collections.abc import Mapping
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

import polib

from chatapp.protocol.wording import Words, later

FOLDER = Path(__file__).parent
DEFAULT = "en"
_FROM_RIGHT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_ISOLATED, _END = "\u2068", "\u2069"
"""https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates"""
_NAME = later("English")
_NUMBER = later("1,234.5")


class Language(Words):
    """One language. What its file does not know stays English, and so does all of a language without a file."""

    def __init__(self, code: str, file: Path | None = None) -> None:
        super().__init__()
        self.code = code
        self.direction = "rtl" if code.partition("-")[0] in _FROM_RIGHT else "ltr"
        self._file = file

    @property
    def name(self) -> str:
        """What the language is called in itself."""
        return self.found(_NAME)

    def found(self, message: str, *, plural: str = "", count: object = None) -> str:
        """Return what stands for a sentence, its places still empty."""
        if plural and isinstance(count, int):
            return self._translations.ngettext(message, plural, count)
        return self._translations.gettext(message) if message else ""

    def figures(self, number: str) -> str:
        """Return a number, written as in English, as the language writes it."""
        return number.translate(self._separators)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return what comes into a place."""
        return self.isolated(super().format_field(value, format_spec))

    def isolated(self, text: str) -> str:
        """Return a text that runs as its own letters do, whichever way the language runs."""
        runs_other_way = self.direction == "rtl" and any(char.isascii() and char.isalpha() for char in text)
        return f"{_ISOLATED}{text}{_END}" if runs_other_way else text

    @cached_property
    def _translations(self) -> NullTranslations:
        return GNUTranslations(BytesIO(polib.pofile(str(self._file)).to_binary())) if self._file else NullTranslations()

    @cached_property
    def _separators(self) -> Mapping[int, str]:
        """What stands for the comma and the point of an English number: its example says it."""
        example = self.found(_NUMBER)
        return {ord(","): example[1], ord("."): example[-2]} if len(example) == len(_NUMBER) else {}

    def __repr__(self) -> str:
        """Return what tells these words from others."""
        return f"Language({self.code!r})"


@cache
def languages() -> Mapping[str, Language]:
    """Return all there are by their codes, English first."""
    files = {file.stem: file for file in sorted(FOLDER.glob("*.po"))}
    return {code: Language(code, files.get(code)) for code in (DEFAULT, *files)}
