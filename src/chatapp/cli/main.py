"""How the command line is run: which command, how a failure is shown, and which exit code it gives."""

import errno
import gc
import os
import sys
import traceback
from contextlib import suppress
from copy import copy
from typing import Any

import typer
from typer.main import get_command
from typer.models import CommandInfo

from chatapp.cli import app, say
from chatapp.cli.terminal import has_colours
from chatapp.config import environment
from chatapp.errors import ChatappError

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the signal's number, as shells count."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What is wrong with a disk, or a terminal that is gone, where the output goes."""

_NO_DESCRIPTOR = {errno.EMFILE, errno.ENFILE}
"""What is wrong where as many files and connections are open as the system allows."""

_COMPLETE = "_CHATAPP_COMPLETE"
"""What the shell's completion asks by, as typer's scripts name it."""


def main() -> None:
    """Run the command that the arguments name and exit with its code; a failure is one sentence on stderr."""
    try:
        code = run_command(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        code = 0  # a reader that has seen enough
    except KeyboardInterrupt:
        code = INTERRUPTED
    except typer.Exit as leaving:
        code = leaving.exit_code
    except typer.TyperException as error:
        code = _fail(_usage_sentence(error), error.exit_code)
    except ChatappError as error:
        code = _fail(error.sentence(), error.exit_code)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM | _NO_DESCRIPTOR:
            code = _fail(_what_failed(error), 1)
        elif (environment.value("LOG_LEVEL") or "").lower() == "debug":
            raise
        else:
            code = _fail(f"{type(error).__name__}, a defect of chatapp's own. LOG_LEVEL=debug shows where.", 1)
    _let_go_of_full_streams()
    gc.freeze()  # Python would look through all there is several times more, for a process that ends
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Run the command without typer's own error pages."""
    command = get_command(_app_for(arguments))
    if instruction := environment.value(_COMPLETE):
        from typer.completion import shell_complete  # only when a shell asks what may follow

        return shell_complete(command, {}, "chatapp", _COMPLETE, instruction)
    with command.make_context("chatapp", arguments, color=has_colours()) as context:
        code: int | None = command.invoke(context)
    return code or 0


def _app_for(arguments: list[str]) -> typer.Typer:
    """Return the app with no other command than the one that is run, or with none's options where all are listed.

    Making each of them takes time.
    """
    run = [info for info in app.registered_commands if arguments[:1] == [_name(info)] and not info.hidden]
    if arguments == ["--version"]:  # any will do
        run = app.registered_commands[:1]
    if not run and set(arguments) <= {"--help", "-h"}:
        run = [_as_listed(info) for info in app.registered_commands]
    if not run:
        return app
    one = copy(app)
    one.registered_commands = run
    return one


def _as_listed(info: CommandInfo) -> CommandInfo:
    """Return a command without its options, which the list of commands does not show."""

    def listed() -> None: ...

    listed.__doc__ = info.callback.__doc__
    one = copy(info)
    one.name, one.callback = _name(info), listed
    return one


def _name(info: CommandInfo) -> str:
    return info.name or str(getattr(info.callback, "__name__", ""))


def _usage_sentence(error: typer.TyperException) -> str:
    from chatapp.config.wrong_values import allowed_by

    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "chatapp"
    message = error.format_message()
    parameter = getattr(error, "param", None)
    if context and parameter and (variable := _variable_behind(parameter, context)):
        message = f"Invalid value for {variable}: {error.message}"
    where, is_pydantics, allowed = message.partition("Input should be ")
    message = f"{where}it must be {allowed_by(allowed.removesuffix('.'))}" if is_pydantics else message
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See: {command} --help"


def _variable_behind(parameter: Any, context: typer.Context) -> str | None:
    """Return the variable that gave `parameter` its value, None where it was given as an option."""
    source = context.get_parameter_source(parameter.name)
    if source is None or source.name != "ENVIRONMENT":
        return None
    return parameter.envvar or f"{context.auto_envvar_prefix}_{parameter.name.upper()}"


def _fail(sentence: str, exit_code: int) -> int:
    with suppress(OSError):  # nobody can be told where stderr goes
        say(sentence)
    return exit_code


def _what_failed(error: OSError) -> str:
    """Return what cannot be read or written, and why: the system names a file only while it is opened."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if error.errno in _NO_DESCRIPTOR:
        return "The system allows no more open files. Raise `ulimit -n`."
    if error.filename:
        what = f"{error.filename} cannot be used"
    elif frame.f_globals["__name__"].startswith("pathlib"):  # typer's, which installs completions
        what = "A file cannot be written"
    else:
        what = "The output cannot be written"
    return f"{what}: {error.strerror}."


def _let_go_of_full_streams() -> None:
    """Forget what cannot be written any more: Python would try again at exit, and make the exit code 120 of it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
