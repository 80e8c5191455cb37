"""The commands below `chatapp projects`."""

from typing import Annotated

import typer

from chatapp.cli.parameters import AsJson, BackendUrl, IsDeleted, LightCommand, LightGroup, Undo

app = typer.Typer(cls=LightGroup, rich_markup_mode=None, no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Its name, or its id's beginning.")]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE", show_default=False, help="Files, patterns in quotes, and folders.")
]
Instructions = Annotated[
    str | None,
    typer.Option("--system", "-s", metavar="TEXT", help="What the model is told in each conversation of it."),
]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="Ask this model in it.")]
WithConversations = Annotated[bool, typer.Option("--all", help="Delete its conversations too.")]


@app.command("list", cls=LightCommand)
def list_(*, deleted: IsDeleted = False, json: AsJson = False, backend_url: BackendUrl = None) -> None:
    """List your projects, the last talked in first."""
    from chatapp.cli.projects import list_projects  # noqa: PLC0415

    list_projects(is_deleted=deleted, as_json=json, backend_url=backend_url)


@app.command(cls=LightCommand)
def new(name: Name, *, system: Instructions = None, model: Model = None, backend_url: BackendUrl = None) -> None:
    """Begin a project."""
    from chatapp.cli.projects import begin_project  # noqa: PLC0415

    begin_project(name, instructions=system, model=model, backend_url=backend_url)


@app.command(cls=LightCommand)
def add(name: Name, files: Files, *, backend_url: BackendUrl = None) -> None:
    """Let files go along with each conversation of a project."""
    from chatapp.cli.projects import add_files  # noqa: PLC0415

    add_files(name, files, backend_url=backend_url)


@app.command(cls=LightCommand)
def rm(name: Name, *, all: WithConversations = False, undo: Undo = False, backend_url: BackendUrl = None) -> None:  # noqa: A002
    """Delete a project; for 30 days it can be taken back. Its conversations stay, unless all of it is to go."""
    from chatapp.cli.projects import remove_project  # noqa: PLC0415

    remove_project(name, is_undone=undo, with_conversations=all, backend_url=backend_url)
