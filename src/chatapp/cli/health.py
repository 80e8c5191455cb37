"""`chatapp health`: how the backend, its model and its store are."""

import time
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import typer

from chatapp.cli.backends import connect
from chatapp.cli.terminal import json_text, printable
from chatapp.client import BackendClient
from chatapp.config import demo_model
from chatapp.errors import BackendProtocolError, BackendUnreachableError, ChatappError
from chatapp.protocol.resources import DependencyInfo

NOT_READY = 1


class BackendEntry(NamedTuple):
    """How the backend itself is; where `ok` is false, `detail` and `hint` say why and what to do."""

    ok: bool
    url: str
    version: str | None = None
    latency_ms: int | None = None
    detail: str | None = None
    hint: str | None = None


Report = Mapping[str, BackendEntry | DependencyInfo]
"""One entry each for the backend, its model and its store."""


def run(*, backend_url: str | None, as_json: bool) -> int:
    """Print the report and return the exit code: 0 if a question would be answered."""
    with connect(backend_url) as backend:
        report, code = _report(backend)
    if as_json:
        told = {name: _without_nulls(entry) for name, entry in report.items()}
        typer.echo(json_text(told))
    else:
        for name, entry in report.items():
            _print_row(name, entry)
    return code


def _without_nulls(entry: BackendEntry | DependencyInfo) -> dict[str, object]:
    return {name: value for name, value in entry._asdict().items() if value is not None}


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
        report: Report = {"backend": reached, **backend.ready().dependencies}
    except ChatappError as error:
        report = {"backend": reached._replace(ok=False, detail=error.detail, hint=error.hint)}
    return report, 0 if all(entry.ok for entry in report.values()) else NOT_READY


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


def _print_row(name: str, entry: BackendEntry | DependencyInfo) -> None:
    mark = typer.style("ok    ", fg="green") if entry.ok else typer.style("failed", fg="red")
    first, *more = _facts(name, entry)
    typer.echo(f"{printable(name):<8} {mark} {printable(first)}")
    for fact in more:
        typer.echo(f"{'':<15} {printable(fact)}")


def _facts(name: str, entry: BackendEntry | DependencyInfo) -> list[str]:
    """Return what to say of one entry, a line each: what it is and how fast, then what is wrong with it."""
    latency = None if entry.latency_ms is None else f"{entry.latency_ms} ms"
    what = _backend(entry) if isinstance(entry, BackendEntry) else [_dependency(entry)]
    lines = [", ".join(part for part in (*what, latency) if part), entry.detail, entry.hint]
    if isinstance(entry, DependencyInfo):
        lines += [entry.remark, demo_model.ADVICE if entry.is_demo else None]
    return [line for line in lines if line] or [name]


def _backend(entry: BackendEntry) -> list[str | None]:
    return [entry.url, f"version {entry.version}" if entry.version else None]


def _dependency(entry: DependencyInfo) -> str | None:
    if entry.provider is None:
        return entry.name
    return f"{entry.name} ({entry.provider}), because {entry.reason}"
