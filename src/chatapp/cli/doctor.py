"""`chatapp doctor`: what a chat needs, of the model server and of this machine, each with what to do about it."""

import asyncio
from collections.abc import Callable, Sequence

import typer

from chatapp.cli.doctor_machine import examine_machine
from chatapp.cli.doctor_model import examine_model, examine_others
from chatapp.cli.finding import Finding
from chatapp.cli.terminal import json_text, printable
from chatapp.config.settings import Settings
from chatapp.providers.connection import Upstream, configured_upstreams
from chatapp.providers.detection import choose_upstream

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def run(*, as_json: bool, choose: Callable[[Settings], Upstream | None] = choose_upstream) -> int:
    """Print what was found and return the exit code: 1 if anything fails. `choose` finds the model server."""
    settings = Settings.load()
    upstream = choose(settings)
    if upstream is None:
        findings = [
            Finding(
                "address",
                "ok",
                f"none is set and none was found: the embedded {settings.local_model} answers",
                "Connect a better model with OPENAI_API_KEY or BASE_URL.",
            )
        ]
    else:
        findings = asyncio.run(examine_model(upstream, settings))
        others = [other for other in configured_upstreams(settings) if other.name != upstream.name]
        findings += asyncio.run(examine_others(others, settings))
    findings += examine_machine(settings)
    _print(findings, as_json=as_json)
    return 1 if any(finding.verdict == "fail" for finding in findings) else 0


def _print(findings: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        checks = [{name: value for name, value in entry._asdict().items() if value is not None} for entry in findings]
        typer.echo(json_text({"ok": all(entry.verdict != "fail" for entry in findings), "checks": checks}))
        return
    for name, verdict, seen, fix in findings:
        mark = typer.style(f"{verdict:<4}", fg=COLOURS[verdict])
        typer.echo(f"{name:<11} {mark} {printable(f'{seen}. {fix}' if fix else seen)}")
