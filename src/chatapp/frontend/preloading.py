"""Streamlit's scripts that the first screen needs, asked for at once instead of one after the other found them."""

import re
from collections.abc import Iterator
from pathlib import Path

ELEMENTS = ("BidiComponent", "Button", "ChatInput", "Checkbox", "Html", "NumberInput")
"""What draws the elements of the first screen; each is a script that Streamlit fetches when the first one comes."""

_IMPORT = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')


def preload_links(folder: Path) -> str:
    """Return the links for a page whose scripts are in `folder`: what draws the elements, and all that this imports."""
    wanted = [path.name for element in ELEMENTS for path in folder.glob(f"{element}.*.js")]
    links = (f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in _closure(folder, wanted))
    return "\n    ".join(links)


def _closure(folder: Path, names: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name in seen or not (folder / name).is_file():
            continue
        seen.add(name)
        yield name
        names += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
