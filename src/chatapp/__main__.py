"""`chatapp` and `python -m chatapp`."""

import gc
import sys

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the signal's number, as shells count."""


def main() -> None:
    """Run the command line. Ctrl-C while it is being loaded is no more of an accident than later."""
    gc.disable()  # looking for garbage while modules are loaded, which leave none, takes a tenth of a short command
    try:
        from chatapp.cli.main import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    gc.freeze()  # else all that was loaded would be looked through once now
    gc.enable()
    run()


if __name__ == "__main__":
    main()
