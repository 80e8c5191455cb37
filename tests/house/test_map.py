"""The map of the house in README shows every room as it is, and a name leads to one place."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "chatapp"
CONTRIBUTING = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Contributing")[2].partition("\n## ")[0]
FLOORS = [HOUSE, HOUSE / "backend", HOUSE / "frontend"]


def purpose(room: Path) -> str:
    """Give what a room says of itself."""
    file = room if room.is_file() else room / "__init__.py"
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def rooms() -> list[Path]:
    """Give the folders of each floor that hold code, and the shared files of the ground floor."""
    folders = [room for floor in FLOORS for room in floor.iterdir() if room.is_dir() and any(room.glob("*.py"))]
    files = [file for file in HOUSE.glob("*.py") if not file.name.startswith("__")]
    return [*folders, *files]


def test_every_room_is_on_the_map_in_its_own_words() -> None:
    shown = {line for line in CONTRIBUTING.splitlines() if re.match(r"\| `[\w/.]+` \|", line)}
    assert shown == {f"| `{room.relative_to(HOUSE).as_posix()}` | {purpose(room)} |" for room in rooms()}


def test_every_place_that_the_map_names_is_there() -> None:
    named = re.findall(r"`([a-z_]+/[\w/]+(?:\.\w+)?)`", CONTRIBUTING)
    missing = [place for place in named if not any((base / place).exists() for base in (HOUSE, ROOT, ROOT / "tests"))]
    assert len(named) > len(FLOORS)
    assert missing == []


def test_no_two_classes_share_a_name() -> None:
    sources = [file.read_text(encoding="utf-8") for file in HOUSE.rglob("*.py")]
    names = Counter(name for source in sources for name in re.findall(r"^ *class (\w+)", source, re.MULTILINE))
    assert [name for name, times in names.items() if times > 1] == []
