"""What is typed in a session: lines that can be edited, and entries of several lines."""

from contextlib import suppress
from importlib import import_module

import typer

from chatapp.cli.terminal import is_dumb
from chatapp.cli.writing import note

_PROMPT, _PROMPT_FOR_MORE = "> ", "| "
_QUOTES = '"""'


def edit_lines() -> None:
    """Let `input` edit lines and keep them in memory; what is pasted comes as a whole, where readline can do that."""
    with suppress(ImportError):
        readline = import_module("readline")
        readline.parse_and_bind(f"set enable-bracketed-paste {'off' if is_dumb() else 'on'}")


def edited(before: str) -> str:
    """Return what becomes of `before` on the line, nothing by Ctrl-C; where lines cannot be edited, what is typed."""
    with suppress(ImportError):
        readline = import_module("readline")
        readline.set_startup_hook(lambda: readline.insert_text(before))
        try:
            line = input(_PROMPT)
            readline.set_startup_hook()  # not for lines that come behind it
            return line if line == before else _entry(line)
        except KeyboardInterrupt:
            typer.echo(err=True)
            return ""
        finally:
            readline.set_startup_hook()
    note(before)
    return _entry(input(_PROMPT))


def next_entry() -> str | None:
    """Return what is typed next, None when nothing more will be; Ctrl-C begins anew."""
    while True:
        try:
            return _entry(input(_PROMPT))
        except KeyboardInterrupt:
            typer.echo(err=True)
        except EOFError:
            typer.echo(err=True)
            return None


def _entry(line: str) -> str:
    """Return the entry that begins with `line`; newlines within are LF."""
    if line.lstrip().startswith(_QUOTES):
        return _up_to_quotes(line.lstrip().removeprefix(_QUOTES))
    lines = [line]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1].removesuffix("\\")
        lines.append(input(_PROMPT_FOR_MORE))
    return "\n".join(lines)


def _up_to_quotes(line: str) -> str:
    lines = []
    while not line.rstrip().endswith(_QUOTES):
        lines.append(line)
        line = input(_PROMPT_FOR_MORE)
    return "\n".join([*lines, line.rstrip().removesuffix(_QUOTES)]).strip("\n")
