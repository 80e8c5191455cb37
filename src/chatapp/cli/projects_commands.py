"""The commands below `chatapp projects`."""

from typing import Annotated

import typer

from chatapp.cli.parameters import AsJson, BackendUrl, IsDeleted, LightCommand, LightGroup, Undo

app = typer.Typer(cls=LightGroup, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _before_any_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Its name, or its id's beginning.")]
NewProjectName = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="What it is called.")]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE", show_default=False, help="Files, patterns in quotes, and folders.")
]
Instructions = Annotated[
    str | None,
    typer.Option(
        "--system", "--instructions", "-s", metavar="TEXT", help="What the model is told in each conversation of it."
    ),
]
InstructionsFile = Annotated[
    str | None,
    typer.Option("--system-file", "--instructions-file", metavar="FILE", help="The same, from a file; - is a pipe."),
]
NewName = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Call it so.")]
FileNames = Annotated[
    list[str], typer.Argument(metavar="FILE", show_default=False, help="Their names as `show` lists them.")
]
Moved = Annotated[
    list[str], typer.Argument(metavar="ID", show_default=False, help="Their ids, or the beginnings of them.")
]
Target = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="Into this one: its name, or its id's beginning.")
]
Out = Annotated[bool, typer.Option("--no-project", help="Out of theirs.")]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="Ask this model in it.")]
WithConversations = Annotated[bool, typer.Option("--all", help="Delete its conversations too.")]


@app.command("list", cls=LightCommand)
def list_(*, deleted: IsDeleted = False, json: AsJson = False, backend_url: BackendUrl = None) -> None:
    """List your projects, the last talked in first."""
    from chatapp.cli.projects import list_projects

    list_projects(is_deleted=deleted, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def show(name: Name, *, json: AsJson = False, backend_url: BackendUrl = None) -> None:
    """Show a project: its instructions, model and files."""
    from chatapp.cli.project_changes import show_project

    show_project(name, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def new(
    name: NewProjectName,
    *,
    system: Instructions = None,
    system_file: InstructionsFile = None,
    model: Model = None,
    backend_url: BackendUrl = None,
) -> None:
    """Begin a project."""
    from chatapp.cli.project_changes import instructions_of
    from chatapp.cli.projects import begin_project

    begin_project(name, instructions=instructions_of(system, system_file), model=model, backend_url=backend_url)


@app.command(cls=LightCommand)
def change(
    name: Name,
    *,
    new_name: NewName = None,
    system: Instructions = None,
    system_file: InstructionsFile = None,
    model: Model = None,
    backend_url: BackendUrl = None,
) -> None:
    """Change a project's name, instructions or model; "" takes the instructions or the model away."""
    from chatapp.cli.project_changes import change_project, instructions_of

    instructions = instructions_of(system, system_file)
    change_project(name, new_name=new_name, instructions=instructions, model=model, backend_url=backend_url)


@app.command(cls=LightCommand)
def add(name: Name, files: Files, *, backend_url: BackendUrl = None) -> None:
    """Let files go along with each conversation of a project."""
    from chatapp.cli.projects import add_files

    add_files(name, files, backend_url=backend_url)


@app.command("rm-file", cls=LightCommand)
def rm_file(name: Name, files: FileNames, *, backend_url: BackendUrl = None) -> None:
    """Let files go along no more."""
    from chatapp.cli.project_changes import remove_files

    remove_files(name, files, backend_url=backend_url)


@app.command(cls=LightCommand)
def rm(name: Name, *, all: WithConversations = False, undo: Undo = False, backend_url: BackendUrl = None) -> None:  # noqa: A002
    """Delete a project; for 30 days it can be taken back. Its conversations stay, unless all of it is to go."""
    from chatapp.cli.projects import remove_project

    remove_project(name, is_undone=undo, with_conversations=all, backend_url=backend_url)


def move(
    conversations: Moved, *, project: Target = None, no_project: Out = False, backend_url: BackendUrl = None
) -> None:
    """Move conversations into a project, or out of theirs."""
    from chatapp.cli.project_changes import move_conversations

    move_conversations(conversations, project=project, out=no_project, backend_url=backend_url)
