"""`chatapp health`: how the backend, its model and its store are."""

import json
import time
from typing import Any

import typer

from chatapp.cli.connection import connect
from chatapp.cli.terminal import printable
from chatapp.client import BackendClient
from chatapp.errors import BackendProtocolError, BackendUnreachableError, ChatappError

NOT_READY = 1

Report = dict[str, dict[str, Any]]
"""One entry each for the backend, its model and its store: `ok`, what it is, and where `ok` is false why and a hint."""


def run(*, backend_url: str | None, as_json: bool) -> int:
    """Print the report and give the exit code: 0 if a question would be answered."""
    with connect(backend_url) as backend:
        report, code = _report(backend)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        for name, entry in report.items():
            _print_row(name, entry)
    return code


def _report(backend: BackendClient) -> tuple[Report, int]:
    began = time.perf_counter()
    try:
        version = _healthy(backend).get("version")
    except ChatappError as error:
        code = error.exit_code if isinstance(error, BackendUnreachableError) else NOT_READY
        return {"backend": {"ok": False, "url": backend.base_url, **_why(error)}}, code
    latency_ms = round((time.perf_counter() - began) * 1000)
    reached = {"ok": True, "url": backend.base_url, "version": version, "latency_ms": latency_ms}
    try:
        report = {"backend": reached, **_dependencies(backend)}
    except ChatappError as error:
        report = {"backend": {**reached, "ok": False, **_why(error)}}
    return report, 0 if all(entry.get("ok") for entry in report.values()) else NOT_READY


def _healthy(backend: BackendClient) -> dict[str, Any]:
    body = backend.health()
    if body.get("status") != "healthy":
        raise BackendProtocolError(
            f"The server at {backend.base_url} is no chatapp backend.", hint="Check the address in BACKEND_URL."
        )
    return body


def _dependencies(backend: BackendClient) -> Report:
    return {name: entry for name, entry in backend.ready().items() if isinstance(entry, dict)}


def _why(error: ChatappError) -> dict[str, str | None]:
    return {"detail": error.detail, "hint": error.hint}


def _print_row(name: str, entry: dict[str, Any]) -> None:
    mark = typer.style("ok    ", fg="green") if entry.get("ok") else typer.style("failed", fg="red")
    first, *more = _facts(name, entry)
    typer.echo(f"{name:<8} {mark} {printable(first)}")
    for fact in more:
        typer.echo(f"{'':<15} {printable(fact)}")


def _facts(name: str, entry: dict[str, Any]) -> list[str]:
    """Return what to say of one entry, a line each: what it is and how fast, then what is wrong with it."""
    what = [entry.get("url"), _model(entry) if "provider" in entry else entry.get("name"), _version(entry)]
    latency = f"{entry['latency_ms']} ms" if "latency_ms" in entry else None
    lines = [", ".join(part for part in (*what, latency) if part)]
    lines += [text for text in (entry.get("detail"), entry.get("hint")) if text]
    if entry.get("is_demo"):
        lines.append("A small model for trying things out. Connect a better one with OPENAI_API_KEY or BASE_URL.")
    return [line for line in lines if line] or [name]


def _model(entry: dict[str, Any]) -> str:
    return f"{entry.get('name')} ({entry['provider']}), because {entry.get('reason')}"


def _version(entry: dict[str, Any]) -> str | None:
    return f"version {entry['version']}" if entry.get("version") else None
