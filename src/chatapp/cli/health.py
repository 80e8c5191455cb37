"""`chatapp health`: how the backend, its model and its store are."""

import time
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import typer

from chatapp.cli.backends import connect
from chatapp.cli.model_lines import default_line
from chatapp.cli.terminal import json_text, printable
from chatapp.client import BackendClient
from chatapp.config import demo_model
from chatapp.errors import BackendProtocolError, BackendUnreachableError, ChatappError
from chatapp.protocol.resources import ConnectionInfo, DependencyInfo

NOT_READY = 1


class BackendEntry(NamedTuple):
    """How the backend itself is; where `ok` is false, `detail` and `hint` say why and what to do."""

    ok: bool
    url: str
    version: str | None = None
    latency_ms: int | None = None
    detail: str | None = None
    hint: str | None = None


Entry = BackendEntry | DependencyInfo | ConnectionInfo

Report = Mapping[str, Entry]
"""One entry each for the backend, its model and its store, and where there are several for each connection."""

CONNECTION = "connection "
"""What the names of connections begin with in a report."""


def run(*, backend_url: str | None, as_json: bool) -> int:
    """Print the report and return the exit code: 0 if a question would be answered."""
    with connect(backend_url) as backend:
        report, code = _report(backend)
    if as_json:
        typer.echo(json_text(_as_json(report)))
    else:
        for name, entry in report.items():
            _print_row(name, entry)
    return code


def _as_json(report: Report) -> dict[str, object]:
    """Return the report with the connections, where there are several, as a list."""
    told: dict[str, object] = {
        name: _without_nulls(entry) for name, entry in report.items() if not name.startswith(CONNECTION)
    }
    connections = [_without_nulls(entry) for name, entry in report.items() if name.startswith(CONNECTION)]
    return {**told, "connections": connections} if connections else told


def _without_nulls(entry: Entry) -> dict[str, object]:
    return {name: value for name, value in entry._asdict().items() if value not in (None, ())}


def _report(backend: BackendClient) -> tuple[Report, int]:
    entry = partial(BackendEntry, url=backend.base_url)
    began = time.perf_counter()
    try:
        version = _version(backend)
    except ChatappError as error:
        code = error.exit_code if isinstance(error, BackendUnreachableError) else NOT_READY
        return {"backend": entry(ok=False, detail=error.detail, hint=error.hint)}, code
    reached = entry(ok=True, version=version, latency_ms=round((time.perf_counter() - began) * 1000))
    try:
        ready = backend.ready()
    except ChatappError as error:
        return {"backend": reached._replace(ok=False, detail=error.detail, hint=error.hint)}, NOT_READY
    several = ready.connections if len(ready.connections) > 1 else ()
    report: Report = {
        "backend": reached,
        **ready.dependencies,
        **{f"{CONNECTION}{connection.name}": connection for connection in several},
    }
    return report, 0 if ready.is_ready else NOT_READY


def _version(backend: BackendClient) -> str | None:
    """Return the backend's version.

    Raises:
        BackendProtocolError: it is another server.
    """
    health = backend.health()
    if health.status != "healthy":
        raise BackendProtocolError(
            f"The server at {backend.base_url} is no chatapp backend.", hint="Check the address in BACKEND_URL."
        )
    return health.version


def _print_row(name: str, entry: Entry) -> None:
    mark = typer.style("ok    ", fg="green") if entry.ok else typer.style("failed", fg="red")
    first, *more = _facts(name, entry)
    shown = name.removeprefix(CONNECTION)
    typer.echo(f"{printable(shown):<8} {mark} {printable(first)}")
    for fact in more:
        typer.echo(f"{'':<15} {printable(fact)}")


def _facts(name: str, entry: Entry) -> list[str]:
    """Return what to say of one entry, a line each: what it is and how fast, then what is wrong with it."""
    latency = None if entry.latency_ms is None else f"{entry.latency_ms} ms"
    what = _backend(entry) if isinstance(entry, BackendEntry) else [_dependency(name, entry)]
    lines = [", ".join(part for part in (*what, latency) if part), entry.detail, entry.hint]
    if not isinstance(entry, BackendEntry):
        lines += [entry.note, demo_model.ADVICE if entry.is_demo else None]
    return [line for line in lines if line] or [name]


def _backend(entry: BackendEntry) -> list[str | None]:
    return [entry.url, f"version {entry.version}" if entry.version else None]


def _dependency(name: str, entry: DependencyInfo | ConnectionInfo) -> str | None:
    if name.startswith(CONNECTION):
        return f"connection to {entry.provider}"
    if entry.provider is None:
        return entry.name
    return default_line(entry)
