"""Scripts that the first screen needs, asked for at once instead of one after the other found them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ELEMENTS = ("BidiComponent", "Button", "ChatInput", "Checkbox", "Html", "NumberInput")
"""What draws the elements of the first screen; each is a script that Streamlit fetches when the first one comes."""

_COMPONENTS = {
    "transcript": "transcript/transcript.js",
    "live": "transcript/live.js",
    "conversations": "conversations/rows.js",
}
"""Ours, which Streamlit asks for once they are drawn: nothing can be read until then."""

_IMPORT = re.compile(r'(?:from|import) ?"\./([\w.-]+\.js)"')


def preload_links(folder: Path) -> str:
    """Return the links for a page whose scripts are in `folder`: what draws the elements, and all that this imports."""
    wanted = [path.name for element in ELEMENTS for path in folder.glob(f"{element}.*.js")]
    return _links("static/js", _closure(folder, wanted))


def component_links(assets: Path) -> str:
    """Return the links for the scripts of our components, which are in `assets`; those of Streamlit go before them."""
    scripts = {name: assets / entry for name, entry in _COMPONENTS.items()}
    return "\n    ".join(
        _links(f"_stcore/bidi-components/chatapp.{name}", _closure(path.parent, [path.name]), ' fetchpriority="low"')
        for name, path in scripts.items()
    )


def _links(place: str, names: Iterable[str], more: str = "") -> str:
    return "\n    ".join(f'<link rel="modulepreload" crossorigin{more} href="./{place}/{name}">' for name in names)


def _closure(folder: Path, names: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name in seen or not (folder / name).is_file():
            continue
        seen.add(name)
        yield name
        names += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
