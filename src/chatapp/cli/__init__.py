"""The command line: which commands there are, how a failure is shown, and which exit code it gives.

A command imports what it does when it is run, so that `--help` and `--version` answer at once.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Annotated

import typer
from typer.main import get_command
from typer.models import CommandInfo

from chatapp import __version__
from chatapp.cli.parameters import (
    AsCsv,
    AsJson,
    BackendUrl,
    BackupFile,
    By,
    Certificate,
    CertificateKey,
    CommandName,
    Continue,
    ConversationId,
    Days,
    Deleted,
    Everybody,
    ExportFormatName,
    Host,
    IsArchived,
    IsDeleted,
    LightCommand,
    LightGroup,
    Limit,
    MaxTokens,
    Model,
    NewFile,
    NoBrowser,
    NoStore,
    NoStream,
    PagePort,
    Port,
    Prompt,
    Reload,
    ServeCommand,
    Shown,
    System,
    Temperature,
    UiPort,
    Undo,
    Words,
    Workers,
    Yes,
)
from chatapp.config import environment
from chatapp.errors import ChatappError

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the signal's number, as shells count."""

_COMPLETE = "_CHATAPP_COMPLETE"
"""What the shell's completion asks by, as typer's scripts name it."""

app = typer.Typer(
    name="chatapp",
    cls=LightGroup,
    help="Your own AI chat: a backend, a page and a command line for any OpenAI-compatible model.",
    epilog="Every option can also be set by environment or in a file named .env; each command's --help has the names.",
    rich_markup_mode=None,  # Rich costs more than all else that --help needs
    context_settings={"help_option_names": ["--help", "-h"], "auto_envvar_prefix": "CHATAPP"},
)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Load modules without looking for garbage meanwhile, which they leave none of: a tenth of a question."""
    gc.disable()
    yield
    gc.enable()


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"chatapp {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _before_any_command(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            allow_from_autoenv=False,
            show_envvar=False,
            help="Show the version.",
        ),
    ] = False,
) -> None:
    for remark in environment.load_env_files():
        _say(remark)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(cls=LightCommand)
def up(*, host: Host = None, port: Port = None, ui_port: UiPort = None, no_browser: NoBrowser = False) -> None:
    """Start everything: the model where one is embedded, the backend and the page, and open the browser."""
    from chatapp.cli.up import run  # noqa: PLC0415

    run(host=host, port=port, ui_port=ui_port, no_browser=no_browser)


@app.command(cls=ServeCommand)
def serve(
    *,
    host: Host = None,
    port: Port = None,
    workers: Workers = 1,
    reload: Reload = False,
    ssl_certfile: Certificate = None,
    ssl_keyfile: CertificateKey = None,
) -> None:
    """Start the backend, and the embedded model if nothing better is configured or found."""
    from chatapp.cli.serve import run  # noqa: PLC0415

    run(
        host=host,
        port=port,
        workers=workers,
        is_reloading=reload,
        ssl_certfile=ssl_certfile,
        ssl_keyfile=ssl_keyfile,
    )


@app.command(cls=LightCommand)
def ui(*, backend_url: BackendUrl = None, host: Host = None, port: PagePort = None) -> None:
    """Start the page, for a backend that runs already, here or elsewhere."""
    from chatapp.cli.ui import run  # noqa: PLC0415

    run(backend_url=backend_url, host=host, port=port)


@app.command(cls=LightCommand)
def health(*, backend_url: BackendUrl = None, json: AsJson = False) -> int:
    """Show how the backend, its model and its store are."""
    from chatapp.cli.health import run  # noqa: PLC0415

    return run(backend_url=backend_url, as_json=json)


@app.command(cls=LightCommand)
def doctor(*, json: AsJson = False) -> int:
    """Find out what is in the way of a chat: asks the model server two tiny questions, and looks at this machine."""
    from chatapp.cli.doctor import run  # noqa: PLC0415

    return run(as_json=json)


@app.command(cls=LightCommand)
def ask(
    prompt: Prompt = None,
    *,
    is_continued: Continue = False,
    conversation: ConversationId = None,
    no_store: NoStore = False,
    model: Model = None,
    system: System = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    no_stream: NoStream = False,
    json: AsJson = False,
    backend_url: BackendUrl = None,
) -> None:
    """Ask a question and print the answer. What is piped in is added to it. Without one, on a terminal, ask many."""
    with _uncollected():
        from chatapp.cli.ask import run  # noqa: PLC0415
        from chatapp.client.chat import ChatOptions  # noqa: PLC0415

    run(
        " ".join(prompt) if prompt else None,
        options=ChatOptions(model=model, system=system, temperature=temperature, max_tokens=max_tokens),
        backend_url=backend_url,
        conversation_id=conversation,
        is_continued=is_continued,
        is_stored=not no_store,
        is_streamed=not no_stream,
        as_json=json,
    )


@app.command("list", cls=LightCommand)
def list_(
    *,
    limit: Limit = 20,
    archived: IsArchived = False,
    deleted: IsDeleted = False,
    json: AsJson = False,
    backend_url: BackendUrl = None,
) -> None:
    """List your conversations, the last talked in first."""
    from chatapp.cli.conversations import list_conversations  # noqa: PLC0415

    state = "deleted" if deleted else "archived" if archived else None
    list_conversations(state=state, limit=limit, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def find(words: Words = None, *, limit: Limit = 20, json: AsJson = False, backend_url: BackendUrl = None) -> int:
    """Find conversations by words in them; exit code 1 where there is none."""
    from chatapp.cli.conversations import find_conversations  # noqa: PLC0415

    return find_conversations(" ".join(words or ()), limit=limit, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def show(conversation: Shown = None, *, json: AsJson = False, backend_url: BackendUrl = None) -> None:
    """Show a conversation, the last talked in unless you name another."""
    from chatapp.cli.conversations import show_conversation  # noqa: PLC0415

    show_conversation(conversation, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def delete(
    conversations: Deleted = None, *, undo: Undo = False, json: AsJson = False, backend_url: BackendUrl = None
) -> None:
    """Delete conversations; for 30 days they can be taken back."""
    from chatapp.cli.conversations import delete_conversations  # noqa: PLC0415

    delete_conversations(conversations or (), is_undone=undo, as_json=json, backend_url=backend_url)


@app.command("help", cls=LightCommand, hidden=True)
def help_(context: typer.Context, command: CommandName = None) -> None:
    """Show what there is, or what a command takes."""
    arguments = [command, "--help"] if command else ["--help"]
    _run(arguments)


@app.command(cls=LightCommand)
def export(file: NewFile, *, format: ExportFormatName = "zip", backend_url: BackendUrl = None) -> None:  # noqa: A002
    """Write all conversations into one file: a zip that can be imported again, Markdown, or one HTML page."""
    from chatapp.cli.export import run  # noqa: PLC0415

    run(file, as_format=format, backend_url=backend_url)


@app.command(cls=LightCommand)
def backup(file: NewFile) -> None:
    """Copy the whole store into one file, also while the backend runs."""
    from chatapp.cli.backup import run_backup  # noqa: PLC0415

    run_backup(file)


@app.command(cls=LightCommand)
def restore(file: BackupFile, *, yes: Yes = False) -> int:
    """Put a backup in the place of the store, after a look at both. What was there is kept beside it."""
    from chatapp.cli.backup import run_restore  # noqa: PLC0415

    return run_restore(file, is_sure=yes)


@app.command(cls=LightCommand)
def usage(
    *,
    by: By = "day",
    days: Days = 30,
    all: Everybody = False,  # noqa: A002 - the name of the option
    csv: AsCsv = False,
    json: AsJson = False,
    backend_url: BackendUrl = None,
) -> int:
    """Show what calls to models have taken and cost."""
    from chatapp.cli.usage import run  # noqa: PLC0415

    return run(backend_url=backend_url, by=by, days=days, everybody=all, as_json=json, as_csv=csv)


def main() -> None:
    """Run the command that the arguments name and exit with its code; a failure is one sentence on stderr."""
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        code = _let_go_of_stdout()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except typer.Exit as leaving:
        code = leaving.exit_code
    except typer.TyperException as error:
        code = _fail(_usage_sentence(error), error.exit_code)
    except ChatappError as error:
        code = _fail(error.sentence(), error.exit_code)
    except Exception as error:
        if (environment.value("LOG_LEVEL") or "").lower() == "debug":
            raise
        code = _fail(f"{type(error).__name__}, a defect of chatapp's own. LOG_LEVEL=debug shows where.", 1)
    gc.disable()  # Python would look through all there is once more, for a process that ends
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run the command without typer's own error pages."""
    command = get_command(_app_for(arguments))
    if instruction := environment.value(_COMPLETE):
        from typer.completion import shell_complete  # noqa: PLC0415 - only when a shell asks what may follow

        return shell_complete(command, {}, "chatapp", _COMPLETE, instruction)
    with command.make_context("chatapp", arguments) as context:
        code: int | None = command.invoke(context)
    return code or 0


def _app_for(arguments: list[str]) -> typer.Typer:
    """Return the app, with no other command than the one that is run: making each of them takes time."""
    run = [info for info in app.registered_commands if arguments[:1] == [_name(info)] and not info.hidden]
    if not run:
        return app
    one = copy(app)
    one.registered_commands = run
    return one


def _name(info: CommandInfo) -> str:
    return info.name or str(getattr(info.callback, "__name__", ""))


def _usage_sentence(error: typer.TyperException) -> str:
    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "chatapp"
    message = error.format_message()
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See: {command} --help"


def _fail(sentence: str, exit_code: int) -> int:
    _say(sentence)
    return exit_code


def _say(sentence: str) -> None:
    from chatapp.cli.terminal import printable  # noqa: PLC0415

    typer.echo(f"chatapp: {printable(sentence)}", err=True)


def _let_go_of_stdout() -> int:
    """Be quiet about a reader that has seen enough, also when Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
