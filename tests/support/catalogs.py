"""What stands in the code to be put into other languages, and the files of these."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polib

from chatapp.frontend.languages.elsewhere import ELSEWHERE
from chatapp.frontend.languages.of_scripts import messages_in

HOUSE = Path(__file__).parents[2] / "src" / "chatapp"
"""What is worked on, wherever an installed chatapp is."""
FOLDER, _ASSETS = HOUSE / "frontend" / "languages", HOUSE / "frontend" / "assets"
_ROOMS, _MARKS = ("frontend", "protocol"), {"t", "later"}


class Message(NamedTuple):
    """A sentence in the code, with its plural where it has one."""

    text: str
    plural: str = ""


@cache
def messages() -> dict[Message, set[str]]:
    """Return all sentences that are to be put into other words, with the files that they stand in."""
    found: dict[Message, set[str]] = {}
    for message, place in (*_in_python(), *_in_scripts(), *((Message(text), "") for text in ELSEWHERE)):
        found.setdefault(message, set()).add(place)
    return found


def _in_python() -> Iterator[tuple[Message, str]]:
    for file in sorted(file for room in _ROOMS for file in (HOUSE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS and node.args:
                plurals = [_text(word.value) for word in node.keywords if word.arg == "plural"]
                yield from ((Message(text, *plurals), _name(file)) for text in _texts(node.args[0]))


def _texts(node: ast.expr) -> list[str]:
    """Return the sentences of an argument: one, or the two of a condition; none where it is only known later."""
    ways = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return [way.value for way in ways if isinstance(way, ast.Constant) and isinstance(way.value, str) and way.value]


def _text(node: ast.expr) -> str:
    return ast.literal_eval(node)


def _in_scripts() -> Iterator[tuple[Message, str]]:
    for file in sorted(_ASSETS.rglob("*.js")):
        yield from ((Message(text), _name(file)) for text in messages_in(file.read_text(encoding="utf-8")))


def _name(file: Path) -> str:
    return file.relative_to(HOUSE).as_posix()


def catalogs() -> list[Path]:
    """Return the files of all languages."""
    return sorted(FOLDER.glob("*.po"))


def bring_up_to_date(file: Path) -> list[str]:
    """Let a language's file hold what stands in the code and nothing else; return what is to be translated in it."""
    catalog = polib.pofile(str(file)) if file.exists() else _new(file.stem)
    before = {Message(entry.msgid, entry.msgid_plural): entry for entry in catalog}
    catalog.clear()
    forms = range(int(catalog.metadata["Plural-Forms"].partition("=")[2].partition(";")[0]))
    for message, places in sorted(messages().items(), key=lambda item: (min(item[1]), item[0])):
        empty = {"msgstr_plural": dict.fromkeys(forms, "")} if message.plural else {}
        new = polib.POEntry(msgid=message.text, msgid_plural=message.plural, **empty)
        entry = before.get(message, new)
        entry.occurrences = [(place, "") for place in sorted(places) if place]
        catalog.append(entry)
    catalog.save(str(file))
    return [entry.msgid for entry in catalog.untranslated_entries()]


def _new(code: str) -> polib.POFile:
    catalog = polib.POFile(wrapwidth=110)
    catalog.metadata = {
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return catalog
