"""The rooms of the house: imports go one way, and each library has one owner."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "src" / "chatapp"

# What each room of ours may import of the others, and where each library may be imported. Both hold for imports inside
# functions too: those are late, not secret.
ROOMS = {
    "errors": "",
    "hosts": "",
    "received_errors": "errors",
    "events": "",
    "calls": "",
    "lifeline": "",
    "environment": "errors",
    "ports": "errors",
    "providers": "hosts",
    "model_listing": "",
    "settings": "errors hosts providers environment",
    "schemas": "events",
    "sse": "errors events",
    "processes": "errors environment lifeline",
    "client": "errors received_errors hosts events sse calls",
    "detection": "errors model_listing providers settings",
    "local_model": "errors environment settings ports processes",
    "backend": "errors received_errors hosts events environment model_listing providers settings schemas sse",
    "frontend": "errors received_errors hosts events settings client calls",
    "cli": "errors hosts events environment settings ports processes lifeline client detection local_model backend "
    "frontend",
    "__main__": "cli",
}
LIBRARIES = {
    "openai httpx2 httptools aiohappyeyeballs": "backend/llm",
    "msgspec": "backend/llm backend/store",
    "fastapi": "backend",
    "starlette": "backend frontend",
    "sqlalchemy alembic psycopg": "backend/store",
    "sqlite3": "backend/store backend/access",
    "python_multipart": "backend",
    "limits": "backend/access",
    "streamlit": "frontend",
    "typer rich uvicorn": "cli",
    "requests": "client local_model",
    "urllib3": "client calls",
    "subprocess": "processes",
    "signal": "processes lifeline",
    "pydantic pydantic_core": "schemas settings local_model backend",
    "pydantic_settings": "settings",
    "dotenv os.environ os.getenv": "environment",
    "platformdirs": "environment settings local_model",
    "xllamacpp pip": "local_model",
}
OWNERS = {library: owners.split() for libraries, owners in LIBRARIES.items() for library in libraries.split()}

FILES = sorted(HOUSE.rglob("*.py"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))


def place(path: Path) -> str:
    """Give where a file is: `backend/llm/failures`, `client`."""
    return path.relative_to(HOUSE).with_suffix("").as_posix()


def uses(path: Path) -> Iterator[str]:
    """Give the dotted names that a file imports, and what it reads of `os`."""
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


@every_file
def test_imports_go_one_way(path: Path) -> None:
    room, *_ = place(path).split("/")
    allowed = {room, *ROOMS.get(room, "").split()}
    for name in uses(path):
        package, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        assert package != "chatapp" or other in allowed or other not in ROOMS, f"{room} must not import {other}"


@every_file
def test_a_library_is_imported_by_its_owner_alone(path: Path) -> None:
    for name in uses(path):
        library = name if name in OWNERS else name.partition(".")[0]
        owners = OWNERS.get(library)
        at_home = owners is None or any(f"{place(path)}/".startswith(f"{owner}/") for owner in owners)
        assert at_home, f"{library} belongs to {owners}"


def test_the_table_holds_every_room_and_no_other() -> None:
    rooms = {place(path).split("/")[0] for path in FILES} - {"__init__"}
    assert rooms == set(ROOMS)
