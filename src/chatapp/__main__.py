"""`chatapp` and `python -m chatapp`."""

import gc
import io
import os
import sys

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the signal's number, as shells count."""

STAYING = {"serve", "ui", "up"}
"""The commands that run until they are stopped, which is no failure of theirs, however early it comes."""

OBJECTS_OF_A_COMMAND = 50_000
"""New objects after which Python looks for garbage. To look after 700, as it would, takes a twentieth of a question."""


def main() -> None:
    """Run the command line. Ctrl-C while it is being loaded is no more of an accident than later."""
    if not STAYING.isdisjoint(sys.argv[1:2]):
        from chatapp.processes.signals import leave_when_stopped  # noqa: PLC0415

        leave_when_stopped()
    _open_closed_streams()
    _let_stdout_take_all_letters()
    gc.disable()  # looking for garbage while modules are loaded, which leave none, takes a tenth of a short command
    try:
        from chatapp.cli.main import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    gc.freeze()  # else all that was loaded would be looked through once now
    gc.set_threshold(OBJECTS_OF_A_COMMAND)
    gc.enable()
    run()


def _open_closed_streams() -> None:
    """Put the null device where stdin, stdout or stderr is closed, as by `<&-`: another file would take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - it stays open


def _let_stdout_take_all_letters() -> None:
    """Write as `?` what stdout cannot encode, as a code page of Windows behind a pipe: it ends no answer."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
