"""The command line: which commands there are, how a failure is shown, and which exit code it gives.

A command imports what it does when it is run, so that `--help` and `--version` answer at once.
"""

from typing import Annotated

import typer

from chatapp import __version__
from chatapp.cli.conversation_commands import archive, pin, share
from chatapp.cli.parameters import (
    AsCsv,
    AsJson,
    Attach,
    BackendUrl,
    By,
    Certificate,
    CertificateKey,
    CommandName,
    Continue,
    ConversationId,
    Days,
    Effort,
    Everybody,
    Extract,
    Host,
    IsArchived,
    IsDeleted,
    LightCommand,
    LightGroup,
    Limit,
    MaxTokens,
    Models,
    Named,
    NoBrowser,
    NoStore,
    NoStream,
    PagePort,
    Param,
    Port,
    ProjectName,
    Prompt,
    Reload,
    SaveAs,
    Schema,
    ServeCommand,
    Shown,
    System,
    Temperature,
    Template,
    UiPort,
    Undo,
    Words,
    Workers,
)
from chatapp.cli.projects_commands import app as projects
from chatapp.cli.projects_commands import move
from chatapp.cli.transfer_commands import backup, export, import_, restore
from chatapp.config import environment

app = typer.Typer(
    name="chatapp",
    cls=LightGroup,
    help="Your own AI chat: a backend, a page and a command line for any OpenAI-compatible model.",
    epilog="Every option can also be set by environment or in a file named .env; each command's --help has the names.",
    rich_markup_mode=None,  # Rich costs more than all else that --help needs
    context_settings={"help_option_names": ["--help", "-h"], "auto_envvar_prefix": "CHATAPP"},
)


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
    for warning in environment.load_env_files():
        say(warning)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(cls=LightCommand)
def up(*, host: Host = None, port: Port = None, ui_port: UiPort = None, no_browser: NoBrowser = False) -> None:
    """Start everything: the model where one is embedded, the backend and the page, and open the browser."""
    from chatapp.cli.up import run

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
    from chatapp.cli.serve import run

    run(host=host, port=port, workers=workers, is_reloading=reload, ssl_certfile=ssl_certfile, ssl_keyfile=ssl_keyfile)


@app.command(cls=LightCommand)
def ui(*, backend_url: BackendUrl = None, host: Host = None, port: PagePort = None) -> None:
    """Start the page, for a backend that runs already, here or elsewhere."""
    from chatapp.cli.ui import run

    run(backend_url=backend_url, host=host, port=port)


@app.command(cls=LightCommand)
def health(*, backend_url: BackendUrl = None, json: AsJson = False) -> int:
    """Show how the backend, its model and its store are."""
    from chatapp.cli.health import run

    return run(backend_url=backend_url, as_json=json)


@app.command(cls=LightCommand)
def doctor(*, json: AsJson = False) -> int:
    """Find out what is in the way of a chat: asks the model server two tiny questions, and looks at this machine."""
    from chatapp.cli.doctor import run

    return run(as_json=json)


@app.command(cls=LightCommand)
def ask(
    prompt: Prompt = None,
    *,
    is_continued: Continue = False,
    conversation: ConversationId = None,
    project: ProjectName = None,
    no_store: NoStore = False,
    attach: Attach = None,
    template: Template = None,
    param: Param = None,
    save: SaveAs = None,
    model: Models = None,
    system: System = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    effort: Effort = None,
    schema: Schema = None,
    no_stream: NoStream = False,
    extract: Extract = False,
    json: AsJson = False,
    backend_url: BackendUrl = None,
) -> int:
    """Ask a question and print the answer. What is piped in is added to it. Without one, on a terminal, ask many."""
    from chatapp.cli.ask import run
    from chatapp.cli.schema import schema_of
    from chatapp.client.chat import ChatOptions

    sampling = {"reasoning_effort": effort} if effort else None
    return run(
        " ".join(prompt) if prompt else None,
        models=model or (),
        options=ChatOptions(model[0] if model else None, system, temperature, max_tokens, sampling, schema_of(schema)),
        files=attach or (),
        template=template,
        params=param or (),
        save_as=save,
        backend_url=backend_url,
        conversation_id=conversation,
        project=project,
        is_continued=is_continued,
        is_stored=not no_store,
        is_streamed=not no_stream,
        is_extracted=extract or (schema is not None and not json),
        as_json=json,
    )


@app.command("list", cls=LightCommand)
def list_(
    *,
    limit: Limit = 20,
    archived: IsArchived = False,
    deleted: IsDeleted = False,
    project: ProjectName = None,
    json: AsJson = False,
    backend_url: BackendUrl = None,
) -> None:
    """List your conversations, the last talked in first."""
    from chatapp.cli.conversations import list_conversations

    state = "deleted" if deleted else "archived" if archived else None
    list_conversations(state=state, project=project, limit=limit, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def find(words: Words = None, *, limit: Limit = 20, json: AsJson = False, backend_url: BackendUrl = None) -> int:
    """Find conversations by words in them; exit code 1 where there is none."""
    from chatapp.cli.conversations import find_conversations

    return find_conversations(" ".join(words or ()), limit=limit, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def show(
    conversation: Shown = None, *, extract: Extract = False, json: AsJson = False, backend_url: BackendUrl = None
) -> None:
    """Show a conversation, the last talked in unless you name another; with -x the code of its last answer alone."""
    from chatapp.cli.conversations import show_conversation

    show_conversation(conversation, is_extracted=extract, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def delete(
    conversations: Named = None, *, undo: Undo = False, json: AsJson = False, backend_url: BackendUrl = None
) -> None:
    """Delete conversations; for 30 days they can be taken back."""
    from chatapp.cli.conversations import delete_conversations

    delete_conversations(conversations or (), is_undone=undo, as_json=json, backend_url=backend_url)


app.command(cls=LightCommand)(pin)
app.command(cls=LightCommand)(archive)
app.command(cls=LightCommand)(move)
app.add_typer(projects, name="projects", help="Conversations that belong together, with instructions and files.")
app.command(cls=LightCommand)(share)


@app.command(cls=LightCommand)
def prompts(*, json: AsJson = False) -> None:
    """List your saved prompts, which `ask -t` asks."""
    from chatapp.cli.saved import list_prompts

    list_prompts(as_json=json)


@app.command("help", cls=LightCommand, hidden=True)
def help_(context: typer.Context, command: CommandName = None) -> None:
    """Show what there is, or what a command takes."""
    arguments = [command, "--help"] if command else ["--help"]
    from chatapp.cli.main import run_command  # which imports this module

    run_command(arguments)


app.command(cls=LightCommand)(export)
app.command("import", cls=LightCommand)(import_)
app.command(cls=LightCommand)(backup)
app.command(cls=LightCommand)(restore)


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
    from chatapp.cli.usage import run

    return run(backend_url=backend_url, by=by, days=days, everybody=all, as_json=json, as_csv=csv)


def say(sentence: str) -> None:
    """Say what went wrong, or was meant otherwise, in a line on stderr."""
    from chatapp.cli.terminal import printable, wrapped

    typer.echo(wrapped(f"chatapp: {printable(sentence)}"), err=True)
