"""The rooms of the house: imports go one way, and each library has one owner."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "src" / "chatapp"

# What each room of ours may import of the others, and where each library may be imported. Both hold for imports inside
# functions too: those are late, not secret.
ROOMS = {
    "errors": "",
    "hosts": "",
    "rendering": "",
    "config": "errors hosts",
    "protocol": "errors",
    "processes": "errors config",
    "providers": "hosts config processes",
    "documents": "errors processes",
    "client": "errors hosts protocol",
    "local_model": "errors config providers processes",
    "backend": "errors hosts config protocol providers documents rendering",
    "frontend": "errors hosts config protocol client rendering",
    "cli": "errors hosts config protocol providers processes documents client local_model backend frontend rendering",
    "__main__": "cli processes",
}
BACKEND = {
    "principal": "",
    "tasks": "",
    "fair_pool": "",
    "http": "principal",
    "store": "",
    "models": "",
    "access": "principal http",
    "attachments": "fair_pool store",
    "transfer": "fair_pool store",
    "turns": "tasks store models attachments",
    "usage": "store models turns",
    "telemetry": "tasks http store",
    "api": "http access store models attachments transfer usage turns telemetry",
    "gateway": "http store models attachments turns api",
    "app": "tasks http access store models attachments transfer usage turns telemetry api gateway",
}
FRONTEND = {
    "languages": "",
    "markdown": "",
    "server": "",
    "compression": "",
    "preloading": "",
    "sharing": "languages",
    "conversations": "",
    "listening": "conversations",
    "transcript": "languages markdown conversations",
    "session": "languages conversations transcript",
    "access": "languages markdown session",
    "components": "languages markdown conversations transcript session access",
    "screens": "languages markdown conversations session components",
    "app": "languages compression listening preloading sharing transcript session access",
    "page": "languages access session components screens",
}
HOUSES = {"": ROOMS, "backend": BACKEND, "frontend": FRONTEND}
LIBRARIES = {
    "openai httpx2": "backend/models/openai backend/models/transport",
    "genai_prices": "providers",
    "httptools aiohappyeyeballs": "backend/models/transport",
    "msgspec": "backend/gateway backend/models backend/store backend/transfer backend/usage",
    "fastapi": "backend/app backend/api backend/gateway backend/http",
    "starlette": "backend frontend",
    "sqlalchemy alembic psycopg": "backend/store backend/transfer/importers",
    "sqlite3": "backend/store backend/access backend/attachments/passages backend/transfer",
    "pygments latex2mathml": "rendering",
    "python_multipart": "backend/http",
    "limits": "backend/access",
    "prometheus_client opentelemetry": "backend/telemetry",
    "streamlit": "frontend",
    "typer rich uvicorn": "cli",
    "requests": "client local_model",
    "urllib3": "client",
    "pathspec": "cli",
    "polib": "frontend/languages",
    "subprocess": "processes",
    "signal resource": "processes",
    "pydantic pydantic_core": "protocol/schemas config providers local_model backend",
    "pydantic_settings": "config/settings",
    "os.environ os.getenv": "config/environment",
    "dotenv": "config/env_file",
    "markdown_it": "cli rendering",
    "platformdirs": "config local_model",
    "xllamacpp pip": "local_model",
    "pypdfium2 mammoth python_calamine markdownify bs4 PIL pi_heif striprtf charset_normalizer": "documents",
}
OWNERS = {library: owners.split() for libraries, owners in LIBRARIES.items() for library in libraries.split()}

FILES = sorted(HOUSE.rglob("*.py"))


def place(path: Path) -> str:
    """Return where a file is: `backend/llm/failures`, `client`."""
    return path.relative_to(HOUSE).with_suffix("").as_posix()


def uses(path: Path) -> Iterator[str]:
    """Return the dotted names that a file imports, and what it reads of `os`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom():
                yield "a relative import"
            case ast.Attribute(value=ast.Name(id="os"), attr=attribute):
                yield f"os.{attribute}"


def imports() -> Iterator[tuple[str, str]]:
    """Give every file with each name it imports."""
    for path in FILES:
        for name in uses(path):
            yield place(path), name


def forbidden(house: str, rooms: dict[str, str]) -> Iterator[str]:
    """Give the imports between the rooms of `house` that its table does not allow."""
    for importer, name in imports():
        room = importer.removeprefix(f"{house}/").partition("/")[0]
        inside = name.removeprefix(f"chatapp.{house}." if house else "chatapp.")
        other = inside.partition(".")[0]
        is_between_rooms = importer.startswith(house) and inside != name and room in rooms and other in rooms
        if is_between_rooms and other not in {room, *rooms[room].split()}:
            yield f"{importer} must not import {name}"


@pytest.mark.parametrize("house", HOUSES)
def test_imports_go_one_way(house: str) -> None:
    assert list(forbidden(house, HOUSES[house])) == []


def test_nothing_is_imported_relatively() -> None:
    assert [importer for importer, name in imports() if name == "a relative import"] == []


def test_a_library_is_imported_by_its_owner_alone() -> None:
    misplaced = []
    for importer, name in imports():
        library = name if name in OWNERS else name.partition(".")[0]
        owners = OWNERS.get(library)
        if owners is not None and not any(f"{importer}/".startswith(f"{owner}/") for owner in owners):
            misplaced.append(f"{importer} imports {library}, which belongs to {owners}")
    assert misplaced == []


@pytest.mark.parametrize("house", HOUSES)
def test_the_table_holds_every_room_and_no_other(house: str) -> None:
    inside = [
        place(path).removeprefix(f"{house}/") for path in FILES if place(path).startswith(f"{house}/" if house else "")
    ]
    assert {name.split("/")[0] for name in inside} - {"__init__"} == set(HOUSES[house])


def test_the_tables_lead_in_no_circle() -> None:
    for rooms in HOUSES.values():
        seen: set[str] = set()
        for room, allowed in rooms.items():
            assert set(allowed.split()) <= seen, f"{room} comes after what it imports"
            seen.add(room)
