"""What the page's scripts say: they get the words that stand in them, and no others."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from chatapp.frontend.languages.language import Language, languages

ASSETS = Path(__file__).parents[1] / "assets"
_MESSAGE = re.compile(r'\b(?:t|later)\(\s*("(?:[^"\\\n]|\\.)*")')


def messages_in(script: str) -> Iterator[str]:
    """Return the words that a script puts into another language: the strings in `t("…")` and `later("…")`."""
    return map(json.loads, _MESSAGE.findall(script))


@cache
def words_of_scripts(code: str) -> str:
    """Return, as JSON, what the scripts say in a language and which that is."""
    language = languages()[code]
    told = {"lang": language.code, "dir": language.direction, "words": _words(language)}
    return json.dumps(told, ensure_ascii=False)


def _words(language: Language) -> dict[str, str]:
    scripts = (file.read_text(encoding="utf-8") for file in sorted(ASSETS.rglob("*.js")))
    found = {message: language.found(message) for script in scripts for message in messages_in(script)}
    return {message: said for message, said in found.items() if said != message}
